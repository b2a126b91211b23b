import type { Cell } from './topic.ts';

/** Columns aligned, numbers to the right. */
export function formatTable(columns: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const texts = rows.map((row) => row.map(formatCell));
  const widths = columns.map((name, index) =>
    Math.max(name.length, ...texts.map((row) => row[index]?.length ?? 0)),
  );
  const isNumber = columns.map((_, index) =>
    rows.every((row) => typeof row[index] === 'number' || row[index] === '-'),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => (isNumber[i] ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd();
  return [line(columns), line(widths.map((width) => '-'.repeat(width))), ...texts.map(line)].join('\n');
}

function formatCell(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  if (Number.isInteger(cell)) return cell.toLocaleString('en-US');
  const size = Math.abs(cell);
  return size >= 1000
    ? Math.round(cell).toLocaleString('en-US')
    : cell.toPrecision(size < 1 && size > 0.9 ? 5 : 4);
}

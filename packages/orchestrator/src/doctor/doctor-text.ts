import { styleText } from 'node:util';

import { EXIT_CODES } from '@virnucpro/protocol';

import type { DoctorReport, Finding, FindingStatus } from './finding.ts';

const COLORS = { ok: 'green', warn: 'yellow', fail: 'red' } as const satisfies Record<FindingStatus, string>;
const MARK_WIDTH = 6;

/** One line per finding, what to do below it, and what follows from all of them. Pure. */
export function doctorText({ exitCode, findings }: DoctorReport, colored: boolean): string {
  const nameWidth = Math.max(...findings.map(({ name }) => name.length)) + 2;
  const lines = findings.flatMap((finding) => findingLines(finding, nameWidth, colored));
  return `${[...lines, '', conclusion(exitCode)].join('\n')}\n`;
}

function findingLines(
  { name, status, found, remedy }: Finding,
  nameWidth: number,
  colored: boolean,
): string[] {
  const mark = status.padEnd(MARK_WIDTH);
  const line = `${colored ? styleText(COLORS[status], mark) : mark}${name.padEnd(nameWidth)}${found}`;
  return remedy === null ? [line] : [line, `${' '.repeat(MARK_WIDTH + nameWidth)}-> ${remedy}`];
}

function conclusion(exitCode: number): string {
  if (exitCode === EXIT_CODES.complete) return 'A run would work here.';
  return `A run would not work here: it would end with exit code ${exitCode}. See the lines marked "fail".`;
}

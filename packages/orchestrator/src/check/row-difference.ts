/** How far a row is from the one that it should be. */
export interface RowDifference {
  /** Of the angle between the two; 1 when both are zero. */
  readonly cosine: number;
  readonly maxAbsolute: number;
}

/** In float64. @param row of the same length */
export function rowDifference(row: Float32Array, reference: Float32Array): RowDifference {
  let [dot, rowSquares, referenceSquares, maxAbsolute] = [0, 0, 0, 0];
  for (let column = 0; column < reference.length; column += 1) {
    const [a, b] = [row[column] as number, reference[column] as number];
    dot += a * b;
    rowSquares += a * a;
    referenceSquares += b * b;
    maxAbsolute = Math.max(maxAbsolute, Math.abs(a - b));
  }
  const norms = Math.sqrt(rowSquares) * Math.sqrt(referenceSquares);
  if (norms === 0) return { cosine: rowSquares === referenceSquares ? 1 : 0, maxAbsolute };
  return { cosine: Math.min(1, dot / norms), maxAbsolute };
}

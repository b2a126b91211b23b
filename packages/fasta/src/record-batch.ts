/** Columns of records without an invalid byte. */
export type PlainRows = Pick<RecordBatch, 'start' | 'end' | 'line' | 'residues' | 'hashLow' | 'hashHigh'>;

/** Finished records in file order, as columns; all offsets are bytes from the start of the file. */
export class RecordBatch {
  count = 0;
  /** Offset of the record's '>'. */
  start = new Float64Array(1024);
  /** Offset of the next record's '>', or the end of the file. */
  end = new Float64Array(1024);
  /** Line of the header, from 1. */
  line = new Float64Array(1024);
  residues = new Float64Array(1024);
  /** 1 when a byte of its sequence is no residue. */
  invalid = new Uint8Array(1024);
  hashLow = new Int32Array(1024);
  hashHigh = new Int32Array(1024);

  /** Index of a free row; the caller fills every column of it. */
  add(): number {
    if (this.count === this.start.length) this.#grow();
    return this.count++;
  }

  /** Adds rows that hold no invalid byte. */
  append(rows: PlainRows, count: number): void {
    while (this.count + count > this.start.length) this.#grow();
    const at = this.count;
    this.start.set(rows.start.subarray(0, count), at);
    this.end.set(rows.end.subarray(0, count), at);
    this.line.set(rows.line.subarray(0, count), at);
    this.residues.set(rows.residues.subarray(0, count), at);
    this.invalid.fill(0, at, at + count);
    this.hashLow.set(rows.hashLow.subarray(0, count), at);
    this.hashHigh.set(rows.hashHigh.subarray(0, count), at);
    this.count += count;
  }

  clear(): void {
    this.count = 0;
  }

  #grow(): void {
    const capacity = 2 * this.start.length;
    this.start = copyInto(new Float64Array(capacity), this.start);
    this.end = copyInto(new Float64Array(capacity), this.end);
    this.line = copyInto(new Float64Array(capacity), this.line);
    this.residues = copyInto(new Float64Array(capacity), this.residues);
    this.invalid = copyInto(new Uint8Array(capacity), this.invalid);
    this.hashLow = copyInto(new Int32Array(capacity), this.hashLow);
    this.hashHigh = copyInto(new Int32Array(capacity), this.hashHigh);
  }
}

function copyInto<T extends { set(from: ArrayLike<number>): void }>(larger: T, from: ArrayLike<number>): T {
  larger.set(from);
  return larger;
}

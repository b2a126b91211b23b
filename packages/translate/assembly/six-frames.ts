/**
 * Chunks and their six reading frames, compiled to WebAssembly for its 16-byte vectors. Both strands are looked up from one
 * number per codon, and a frame is translated only when no stop codon is in it. docs/virnucpro-compatibility.md has the rules.
 */

/** Bases that can be given at once. */
export const WINDOW_BYTES: i32 = 1 << 16;
/** Vectors that are read or written may go this far beyond their bytes. */
export const SLACK: i32 = 64;
/** Bases of the longest chunk. */
export const MAX_CHUNK: i32 = 500;

const WINDOW_START: usize = memory.data((1 << 16) + 128, 16);
/** Where the bases are put; as much slack is before them as behind. */
export const WINDOW: usize = WINDOW_START + 64;

/** The residues of NCBI's table, in its order (T, C, A, G), for `prepare`. */
export const AMINO_ACIDS: usize = memory.data(64, 16);

/** Open frames of the last chunk, FRAME_INTS numbers each: see the offsets below. */
export const FRAMES: usize = memory.data(1024 << 5, 16);
export const FRAME_INTS: i32 = 8;
/** The proteins of the open frames. */
export const PROTEINS: usize = memory.data(1088, 16);

// Offsets of a frame's numbers, in bytes.
/** 0 … 5: F1 … R3. */
const LABEL: usize = 0;
/** 1 + the stop codons before it in its frame; 0 when frames are not cut. */
const ORF: usize = 4;
/** Of the base that is read first, from the chunk's start. */
const FIRST: usize = 8;
const CODON_BASES: usize = 12;
/** Bases that are written with the protein. */
const WRITTEN_BASES: usize = 16;
/** Offset in PROTEINS. */
const PROTEIN: usize = 20;
const RESIDUES: usize = 24;

const CODES_START: usize = memory.data(640 + 64, 16);
/** Per base: its code, or AMBIGUOUS; as much slack is before them as behind. */
const CODES: usize = CODES_START + 64;
/** Greater than any code, and than any two codes side by side. */
const AMBIGUOUS: i8 = 0x10;

/** Residue of each codon as it stands, and on the other strand. */
const FORWARD: usize = memory.data(64, 16);
const BACKWARD: usize = memory.data(64, 16);
/** For the last two bases of a codon: bit f when it is a stop with first base f, bit 4 + f on the other strand. */
const STOP_ROWS: usize = memory.data(16, 16);

/** A bit per base, BLOCK of them a word: a stop codon begins there. */
const FORWARD_STOPS: usize = memory.data(128, 16);
const BACKWARD_STOPS: usize = memory.data(128, 16);
/** Bases of a block: a multiple of a vector and of a codon. */
const BLOCK: i32 = 48;
/** Every third base of a block. */
const PHASE: u64 = 0x249249249249;

const STAR: u32 = 0x2a;
const LINE_FEED: u8 = 0x0a;
const COLUMNS: i32 = 60;
const MAX_DIGITS: i32 = 10;
/** `F1`. */
const LABEL_BYTES: i32 = 2;
/** `_orf_`, and up to three digits. */
const ORF_BYTES: i32 = 8;

let minResidues: i32 = 1;
let cutsAtStops: bool = false;
/** Chunks and the bases of frames are not written. */
let onlyProteins: bool = false;

/** Frames found in the last chunk, and residues of all of them. */
let frames: i32 = 0;
let residuesUsed: i32 = 0;

/** Where, in any block of the last chunk, a stop codon begins: a bit per base of a block. */
let forwardStops: u64 = 0;
let backwardStops: u64 = 0;

/** Takes the code from AMINO_ACIDS. */
export function prepare(least: i32, orfs: bool, writesOnlyProteins: bool): void {
  minResidues = least;
  cutsAtStops = orfs;
  onlyProteins = writesOnlyProteins;
  for (let codon: u32 = 0; codon < 64; codon += 1) {
    // Complements are two apart in T, C, A, G.
    const other = (((codon & 3) ^ 2) << 4) | ((((codon >> 2) & 3) ^ 2) << 2) | ((codon >> 4) ^ 2);
    const residue = load<u8>(AMINO_ACIDS + codon);
    const otherResidue = load<u8>(AMINO_ACIDS + other);
    store<u8>(FORWARD + codon, residue);
    store<u8>(BACKWARD + codon, otherResidue);
    const row = STOP_ROWS + (codon & 15);
    if (residue == STAR) store<u8>(row, load<u8>(row) | (<u8>((<u32>1) << (codon >> 4))));
    if (otherResidue == STAR) store<u8>(row, load<u8>(row) | (<u8>((<u32>16) << (codon >> 4))));
  }
}

/**
 * Finds the open frames of a chunk: FRAMES and PROTEINS hold them in the order of the output.
 *
 * @param at address of its first base
 * @param bases of the chunk, MAX_CHUNK at most
 * @returns how many
 */
export function openFrames(at: usize, bases: i32): i32 {
  frames = 0;
  residuesUsed = 0;
  findStops(at, bases);
  const blocks = (bases + BLOCK - 1) / BLOCK;
  for (let offset = 0; offset < 3 && bases - offset >= 3; offset += 1) {
    if (cutsAtStops) addForwardPieces(offset, bases, blocks);
    else if ((forwardStops & (PHASE << offset)) == 0) addFrame(offset, 0, offset, bases - offset);
  }
  for (let offset = 0; offset < 3 && bases - offset >= 3; offset += 1) {
    const last = bases - 3 - offset;
    if (cutsAtStops) addBackwardPieces(offset, last, blocks);
    else if ((backwardStops & (PHASE << (last % 3))) == 0) addFrame(3 + offset, 0, last, bases - offset);
  }
  return frames;
}

function findStops(at: usize, bases: i32): void {
  // By low nibble: the letter that is a base, and its code.
  const letterOf = i8x16(-1, 0x41, -1, 0x43, 0x54, -1, -1, 0x47, -1, -1, -1, -1, -1, -1, -1, -1);
  const codeOf = i8x16(0, 2, 0, 1, 0, 0, 0, 3, 0, 0, 0, 0, 0, 0, 0, 0);
  const ambiguous = i8x16.splat(AMBIGUOUS);
  const rowOfFirst = i8x16(0x11, 0x22, 0x44, -0x78, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  const rows = v128.load(STOP_ROWS);
  for (let index = 0; index < bases; index += 16) {
    const letters = v128.and(v128.load(at + index), i8x16.splat(<i8>0xdf));
    const low = v128.and(letters, i8x16.splat(0x0f));
    const known = i8x16.eq(letters, i8x16.swizzle(letterOf, low));
    v128.store(CODES + index, v128.bitselect(i8x16.swizzle(codeOf, low), ambiguous, known));
  }
  // No codon goes beyond the chunk.
  for (let index = 0; index < SLACK; index += 16) v128.store(CODES + bases + index, ambiguous);
  forwardStops = backwardStops = 0;
  let word: usize = 0;
  for (let block = 0; block < bases; block += BLOCK) {
    let forward: u64 = 0;
    let backward: u64 = 0;
    for (let index = 0; index < BLOCK; index += 16) {
      const first = v128.load(CODES + block + index);
      const rest = pairsOf(v128.load(CODES + block + index, 1), v128.load(CODES + block + index, 2));
      const stops = v128.and(i8x16.swizzle(rowOfFirst, first), i8x16.swizzle(rows, rest));
      forward |= (<u64>anyOf(stops, 0x0f)) << index;
      backward |= (<u64>anyOf(stops, 0xf0)) << index;
    }
    store<u64>(FORWARD_STOPS + word, forward);
    store<u64>(BACKWARD_STOPS + word, backward);
    forwardStops |= forward;
    backwardStops |= backward;
    word += 8;
  }
}

/** @returns a bit for each byte that has any of these bits */
function anyOf(bytes: v128, bits: u8): u32 {
  return <u32>i8x16.bitmask(i8x16.ne(v128.and(bytes, i8x16.splat(<i8>bits)), i8x16.splat(0)));
}

function addForwardPieces(offset: i32, bases: i32, blocks: i32): void {
  let orf = 1;
  let from = offset;
  for (let block = 0; block < blocks; block += 1) {
    let stops = load<u64>(FORWARD_STOPS + ((<usize>block) << 3)) & (PHASE << offset);
    for (; stops != 0; stops &= stops - 1) {
      const stop = block * BLOCK + <i32>ctz(stops);
      addFrame(offset, orf, from, stop - from);
      from = stop + 3;
      orf += 1;
    }
  }
  addFrame(offset, orf, from, bases - from);
}

/** @param last where the codon begins that is read first */
function addBackwardPieces(offset: i32, last: i32, blocks: i32): void {
  const phase = PHASE << (last % 3);
  let orf = 1;
  let from = last;
  for (let block = blocks - 1; block >= 0; block -= 1) {
    let stops = load<u64>(BACKWARD_STOPS + ((<usize>block) << 3)) & phase;
    while (stops != 0) {
      const bit = 63 - <i32>clz(stops);
      stops ^= (<u64>1) << bit;
      const stop = block * BLOCK + bit;
      addFrame(3 + offset, orf, from, from - stop);
      from = stop - 3;
      orf += 1;
    }
  }
  addFrame(3 + offset, orf, from, from + 3);
}

/**
 * Adds a frame without a stop, if it is long enough.
 *
 * @param codon where the codon begins that is read first
 * @param bases of the frame; one or two may be left over
 */
function addFrame(label: i32, orf: i32, codon: i32, bases: i32): void {
  const codons = bases / 3;
  if (codons < minResidues) return;
  const isForward = label < 3;
  const residues = translate(CODES + codon, isForward, codons, PROTEINS + <usize>residuesUsed);
  if (residues < minResidues) return;
  const frame = FRAMES + ((<usize>frames) << 5);
  store<i32>(frame, label, LABEL);
  store<i32>(frame, orf, ORF);
  store<i32>(frame, isForward ? codon : codon + 2, FIRST);
  store<i32>(frame, 3 * codons, CODON_BASES);
  // A whole frame's bases are one too many, and counted from the residues: units.py, lines 135 and 138.
  store<i32>(frame, orf > 0 ? 3 * codons : min(1 + 3 * residues, bases), WRITTEN_BASES);
  store<i32>(frame, residuesUsed, PROTEIN);
  store<i32>(frame, residues, RESIDUES);
  residuesUsed += residues;
  frames += 1;
}

/**
 * Translates 16 codons at a time.
 *
 * @param from address of the codes of the codon that is read first
 * @returns residues; an ambiguous codon has none
 */
function translate(from: usize, isForward: bool, codons: i32, protein: usize): i32 {
  let at = from;
  let out = protein;
  for (let left = codons; left > 0; left -= 16) {
    const residues = isForward ? residuesAt(at, FORWARD) : reversed(residuesAt(at - 45, BACKWARD));
    v128.store(out, residues);
    const count = min(left, 16);
    const dropped = i8x16.bitmask(i8x16.eq(residues, i8x16.splat(0))) & ((1 << count) - 1);
    out += dropped == 0 ? <usize>count : closeGaps(out, count);
    at = isForward ? at + 48 : at - 48;
  }
  return <i32>(out - protein);
}

/** @returns the residues of 16 codons, in their order; 0 for an ambiguous one */
function residuesAt(codes: usize, residueOf: usize): v128 {
  const low = v128.load(codes);
  const middle = v128.load(codes, 16);
  const high = v128.load(codes, 32);
  // Each takes every third byte.
  const lowFirst = i8x16.shuffle(low, middle, 0, 3, 6, 9, 12, 15, 18, 21, 24, 27, 30, 0, 0, 0, 0, 0);
  const first = i8x16.shuffle(lowFirst, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 17, 20, 23, 26, 29);
  const lowSecond = i8x16.shuffle(low, middle, 1, 4, 7, 10, 13, 16, 19, 22, 25, 28, 31, 0, 0, 0, 0, 0);
  const second = i8x16.shuffle(lowSecond, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 18, 21, 24, 27, 30);
  const lowThird = i8x16.shuffle(low, middle, 2, 5, 8, 11, 14, 17, 20, 23, 26, 29, 0, 0, 0, 0, 0, 0);
  const third = i8x16.shuffle(lowThird, high, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 19, 22, 25, 28, 31);
  const rest = pairsOf(second, third);
  // An ambiguous rest has no residue with any first base.
  const upper = v128.or(
    v128.and(i8x16.eq(first, i8x16.splat(0)), i8x16.swizzle(v128.load(residueOf), rest)),
    v128.and(i8x16.eq(first, i8x16.splat(1)), i8x16.swizzle(v128.load(residueOf, 16), rest)),
  );
  const lower = v128.or(
    v128.and(i8x16.eq(first, i8x16.splat(2)), i8x16.swizzle(v128.load(residueOf, 32), rest)),
    v128.and(i8x16.eq(first, i8x16.splat(3)), i8x16.swizzle(v128.load(residueOf, 48), rest)),
  );
  return v128.or(upper, lower);
}

/** @returns the number of two codes side by side; 16 or more when one is ambiguous, so that no look-up finds it */
function pairsOf(left: v128, right: v128): v128 {
  // Codes are so small that no bit gets into the byte beside it.
  return v128.or(i16x8.shl(left, 2), right);
}

/** Moves residues together, over the zeros between them. @returns how many */
function closeGaps(residues: usize, count: i32): usize {
  let out = residues;
  for (let index = 0; index < count; index += 1) {
    const residue = load<u8>(residues + <usize>index);
    store<u8>(out, residue);
    out += <usize>(residue == 0 ? 0 : 1);
  }
  return out - residues;
}

/** Address and bytes of `>ID_chunk_`. */
let prefix: usize = 0;
let prefixBytes: i32 = 0;

/** Where each file's bytes go, as much room for each, and where the next byte goes. */
let roomBytes: i32 = 0;
let chunksStart: usize = 0;
let nucleotidesStart: usize = 0;
let proteinsStart: usize = 0;
let chunksAt: usize = 0;
let nucleotidesAt: usize = 0;
let proteinsAt: usize = 0;

/** Bytes written to each file since the last `placeOutputs`. */
export let chunksBytes: i32 = 0;
export let nucleotidesBytes: i32 = 0;
export let proteinsBytes: i32 = 0;
/** Frames written by all calls. */
export let framesWritten: f64 = 0;
/** Room in each file's place that the chunk would take that did not fit. */
export let neededBytes: i32 = 0;

/** Empties the outputs. @param bytes of each; SLACK more is behind it */
export function placeOutputs(chunks: usize, nucleotides: usize, proteins: usize, bytes: i32): void {
  chunksStart = chunksAt = chunks;
  nucleotidesStart = nucleotidesAt = nucleotides;
  proteinsStart = proteinsAt = proteins;
  roomBytes = bytes;
  chunksBytes = nucleotidesBytes = proteinsBytes = 0;
}

/** @param address of `>ID_chunk_`, with SLACK behind it */
export function placePrefix(address: usize, bytes: i32): void {
  prefix = address;
  prefixBytes = bytes;
}

/**
 * Writes chunks, one behind the other, to all files; stops before one that does not fit.
 *
 * @param at address of the first one's first base
 * @param bases from there to the end of the last one
 * @param count of chunks
 * @param number of the first one in its record, from 1
 * @param chunkLength of all but the record's last one
 * @param overlap of two of them
 * @param longerOverlaps the first so many overlaps of the record are one base longer
 * @returns chunks written
 */
export function writeChunks(
  at: usize,
  bases: i32,
  count: i32,
  number: i32,
  chunkLength: i32,
  overlap: i32,
  longerOverlaps: i32,
): i32 {
  const end = at + <usize>bases;
  let start = at;
  let written = 0;
  while (written < count) {
    const length = min(chunkLength, <i32>(end - start));
    const chunk = number + written;
    openFrames(start, length);
    if (!fits(length)) break;
    writeChunk(start, length, chunk);
    written += 1;
    start += <usize>(chunkLength - overlap - (chunk <= longerOverlaps ? 1 : 0));
  }
  chunksBytes = <i32>(chunksAt - chunksStart);
  nucleotidesBytes = <i32>(nucleotidesAt - nucleotidesStart);
  proteinsBytes = <i32>(proteinsAt - proteinsStart);
  return written;
}

function fits(length: i32): bool {
  const header = prefixBytes + MAX_DIGITS + 1;
  const frameHeader = header + LABEL_BYTES + (cutsAtStops ? ORF_BYTES : 0);
  const headersNeed = frames * (frameHeader + 1);
  if (onlyProteins) {
    neededBytes = headersNeed + residuesUsed;
    return <i32>(proteinsAt - proteinsStart) + neededBytes <= roomBytes;
  }
  const chunkNeeds = header + length + length / COLUMNS + 1;
  let nucleotidesNeed = headersNeed;
  for (let index = 0; index < frames; index += 1)
    nucleotidesNeed += load<i32>(FRAMES + ((<usize>index) << 5), WRITTEN_BASES);
  neededBytes = max(chunkNeeds, nucleotidesNeed);
  // Proteins are shorter than their bases.
  return (
    <i32>(chunksAt - chunksStart) + chunkNeeds <= roomBytes &&
    <i32>(nucleotidesAt - nucleotidesStart) + nucleotidesNeed <= roomBytes
  );
}

function writeChunk(start: usize, length: i32, chunk: i32): void {
  if (!onlyProteins) chunksAt = writeWrapped(writeByte(writeName(chunksAt, chunk), LINE_FEED), start, length);
  for (let index = 0; index < frames; index += 1) {
    const frame = FRAMES + ((<usize>index) << 5);
    const nameStart = proteinsAt;
    proteinsAt = writeSuffix(writeName(proteinsAt, chunk), load<i32>(frame, LABEL), load<i32>(frame, ORF));
    proteinsAt = writeByte(proteinsAt, LINE_FEED);
    if (!onlyProteins) writeBases(nameStart, <i32>(proteinsAt - nameStart), start, frame);
    const residues = load<i32>(frame, RESIDUES);
    copy(proteinsAt, PROTEINS + <usize>load<i32>(frame, PROTEIN), residues);
    proteinsAt = writeByte(proteinsAt + <usize>residues, LINE_FEED);
  }
  framesWritten += <f64>frames;
}

/** @param chunkStart address of the chunk's first base */
function writeBases(name: usize, nameBytes: i32, chunkStart: usize, frame: usize): void {
  copy(nucleotidesAt, name, nameBytes);
  nucleotidesAt += <usize>nameBytes;
  const first = chunkStart + <usize>load<i32>(frame, FIRST);
  const bases = load<i32>(frame, WRITTEN_BASES);
  if (load<i32>(frame, LABEL) < 3) writeForward(nucleotidesAt, first, bases);
  else writeBackward(nucleotidesAt, first, bases);
  nucleotidesAt = writeByte(nucleotidesAt + <usize>bases, LINE_FEED);
}

// Each of these returns the address behind what it wrote.

function writeByte(out: usize, byte: u8): usize {
  store<u8>(out, byte);
  return out + 1;
}

function writeName(out: usize, chunk: i32): usize {
  copy(out, prefix, prefixBytes);
  return writeNumber(out + <usize>prefixBytes, chunk);
}

function writeNumber(out: usize, value: i32): usize {
  let digits = 1;
  for (let left = value; left >= 10; left /= 10) digits += 1;
  let left = value;
  for (let index = digits - 1; index >= 0; index -= 1) {
    store<u8>(out + <usize>index, <u8>(0x30 + (left % 10)));
    left /= 10;
  }
  return out + <usize>digits;
}

/** `F1` … `R3`, and `_orf_N`. */
function writeSuffix(out: usize, label: i32, orf: i32): usize {
  store<u8>(out, label < 3 ? 0x46 : 0x52);
  store<u8>(out + 1, <u8>(0x31 + (label % 3)));
  if (orf == 0) return out + 2;
  // "_orf", the first letter in the lowest byte.
  store<u32>(out + 2, 0x66726f5f);
  store<u8>(out + 6, 0x5f);
  return writeNumber(out + 7, orf);
}

function writeWrapped(to: usize, from: usize, length: i32): usize {
  let out = to;
  for (let done = 0; done < length; done += COLUMNS) {
    const columns = min(COLUMNS, length - done);
    for (let index = 0; index < COLUMNS; index += 16)
      v128.store(out + index, v128.load(from + <usize>(done + index)));
    out = writeByte(out + <usize>columns, LINE_FEED);
  }
  return out;
}

function copy(to: usize, from: usize, bytes: i32): void {
  for (let index = 0; index < bytes; index += 16) v128.store(to + index, v128.load(from + index));
}

function writeForward(to: usize, first: usize, bases: i32): void {
  for (let index = 0; index < bases; index += 16) v128.store(to + index, capitals(v128.load(first + index)));
}

function writeBackward(to: usize, first: usize, bases: i32): void {
  for (let index = 0; index < bases; index += 16) {
    const letters = capitals(v128.load(first - 15 - index));
    const isAT = v128.or(i8x16.eq(letters, i8x16.splat(0x41)), i8x16.eq(letters, i8x16.splat(0x54)));
    const isCG = v128.or(i8x16.eq(letters, i8x16.splat(0x43)), i8x16.eq(letters, i8x16.splat(0x47)));
    const flips = v128.or(v128.and(isAT, i8x16.splat(0x41 ^ 0x54)), v128.and(isCG, i8x16.splat(0x43 ^ 0x47)));
    v128.store(to + index, reversed(v128.xor(letters, flips)));
  }
}

function reversed(bytes: v128): v128 {
  return i8x16.shuffle(bytes, bytes, 15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0);
}

function capitals(letters: v128): v128 {
  const isSmall = v128.and(i8x16.ge_u(letters, i8x16.splat(0x61)), i8x16.le_u(letters, i8x16.splat(0x7a)));
  return v128.xor(letters, v128.and(isSmall, i8x16.splat(0x20)));
}

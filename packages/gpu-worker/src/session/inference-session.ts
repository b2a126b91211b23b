import type { EmbeddingDtype, ExecutionProvider } from '@virnucpro/protocol';

/** What the device gets: the arrays of a PackedBatch. */
export interface SessionInput {
  readonly inputIds: Uint8Array;
  readonly positionIds: BigInt64Array;
  readonly cuSeqlens: Int32Array;
}

export interface SessionOptions {
  readonly graphPath: string;
  /** The same model in fp32, for rows that are not finite in a narrower precision; null in a run that is in fp32. */
  readonly fallbackGraphPath: string | null;
  readonly provider: ExecutionProvider;
  readonly threads: number;
  readonly disablePrepacking: boolean;
  readonly embeddingDim: number;
  readonly dtype: EmbeddingDtype;
}

/**
 * One model on one device. The seam at which another back end, a simulated device or a fault takes its place.
 * `run` may block the thread that calls it for as long as the device computes.
 */
export interface InferenceSession {
  readonly deviceName: string;
  /** @returns rows [n, embeddingDim] of the session's dtype, little-endian bytes, in the order of the pack */
  run(input: SessionInput): Promise<Uint8Array<ArrayBuffer>>;
  close(): Promise<void>;
}

export type CreateInferenceSession = (options: SessionOptions) => Promise<InferenceSession>;

import { readTensor, type TensorLocation } from './safetensors.ts';

const ROTARY_BASE = 10_000;

/** Cosines and sines of rotary embeddings, each [positions, headDim / 2]. */
export interface RotaryCache {
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/**
 * The rotary frequencies of a layer. ESM-2 was trained in float16 and its checkpoints keep frequencies rounded to
 * it, so stored ones win over computed ones (transformers, convert_esm.py).
 *
 * @returns [headDim / 2]
 */
export async function inverseFrequencies(
  stored: TensorLocation | null,
  headDim: number,
): Promise<Float32Array> {
  return stored === null ? computeInverseFrequencies(headDim) : readTensor(stored);
}

/** 1 / 10000^(2i / headDim), every step in float32 as in fair-esm, esm/rotary_embedding.py. */
export function computeInverseFrequencies(headDim: number): Float32Array {
  return Float32Array.from({ length: headDim / 2 }, (_, index) => {
    const exponent = Math.fround((2 * index) / headDim);
    return 1 / Math.fround(ROTARY_BASE ** exponent);
  });
}

/** @param positions rows of the cache: one more than the largest position id */
export function rotaryCache(frequencies: Float32Array, positions: number): RotaryCache {
  const half = frequencies.length;
  const cos = new Float32Array(positions * half);
  const sin = new Float32Array(positions * half);
  for (let position = 0; position < positions; position += 1) {
    frequencies.forEach((frequency, index) => {
      const angle = position * frequency;
      cos[position * half + index] = Math.cos(angle);
      sin[position * half + index] = Math.sin(angle);
    });
  }
  return { cos, sin };
}

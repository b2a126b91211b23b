import { mkdir, open, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

import { InputError } from '@virnucpro/protocol';

import { makeOnce } from './make-once.ts';
import {
  encodeSafetensorsHeader,
  readSafetensors,
  type TensorHeading,
  type TensorLocation,
} from './safetensors.ts';

/** How weights are written in another type. */
export interface WeightConversion {
  /** Folder of the cache. */
  readonly kind: 'fp16' | 'int8';
  /** In the name of the file: raised whenever the same weights would give another one. */
  readonly version: number;
  /** The type, for messages. */
  readonly typeName: string;
  readonly headings: readonly TensorHeading[];
  /** Writes the data of all tensors, in the order of the headings; by `writeFile`, which writes all or throws. */
  readonly writeData: (target: FileHandle) => Promise<void>;
}

export interface ConvertedModel {
  /** Its folder, for messages. */
  readonly directory: string;
  /** Names the file. */
  readonly fingerprint: string;
  readonly cacheDirectory: string;
  readonly onProgress: (message: string) => void;
}

/** A weight file of the cache folder. */
export interface ConvertedWeights {
  readonly file: string;
  /** By name. */
  readonly tensors: ReadonlyMap<string, TensorLocation>;
}

/**
 * The weights of a model in another type: in a file of the cache folder that is made once, by one process while others
 * wait, and is whole when it is there.
 *
 * @throws whatever `writeData` throws; nothing is left behind then
 */
export async function convertWeights(
  conversion: WeightConversion,
  { directory, fingerprint, cacheDirectory, onProgress }: ConvertedModel,
): Promise<ConvertedWeights> {
  const { kind, version, typeName } = conversion;
  const file = join(cacheDirectory, kind, `${fingerprint.slice(0, 24)}-v${version}.safetensors`);
  const name = basename(directory);
  await mkdir(dirname(file), { recursive: true });
  const made = () =>
    makeOnce(file, {
      make: (temporary) => {
        onProgress(`converting the weights of ${name} to ${typeName}, once`);
        return writeConverted(conversion, temporary);
      },
      onWait: () => onProgress(`waiting for another process that converts ${name} to ${typeName}`),
    });
  await made();
  const tensors = await readSafetensors(file).catch(async (error: unknown) => {
    if (!(error instanceof InputError)) throw error;
    onProgress(`${file} is damaged, and is made anew`);
    await rm(file, { force: true });
    await made();
    return readSafetensors(file);
  });
  return { file, tensors: new Map(tensors.map((tensor) => [tensor.name, tensor])) };
}

async function writeConverted({ headings, writeData }: WeightConversion, path: string): Promise<void> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(encodeSafetensorsHeader(headings));
    await writeData(file);
    await file.sync();
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  } finally {
    await file.close();
  }
}

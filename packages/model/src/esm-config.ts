import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

import { InputError } from '@virnucpro/protocol';
import * as z from 'zod';

const positive = z.int().positive();

/** The fields of config.json that decide the graph; the file has many more. */
const esmConfigSchema = z.object({
  model_type: z.literal('esm', 'only ESM-2 models (model_type "esm") can be used'),
  hidden_size: positive,
  num_hidden_layers: positive,
  num_attention_heads: positive,
  intermediate_size: positive,
  layer_norm_eps: z.number().positive(),
  vocab_size: positive.max(255),
  token_dropout: z.boolean().default(false),
  emb_layer_norm_before: z
    .boolean()
    .nullish()
    .transform((value) => value === true),
  hidden_act: z.literal('gelu', 'ESM-2 has hidden_act "gelu"').default('gelu'),
  position_embedding_type: z.literal('rotary', 'ESM-2 has rotary position embeddings; ESM-1 models do not'),
});

export type EsmConfig = z.infer<typeof esmConfigSchema>;

/** @throws {InputError} MODEL_NOT_FOUND, MODEL_CONFIG_INVALID */
export async function readEsmConfig(directory: string): Promise<EsmConfig> {
  const path = join(directory, 'config.json');
  const result = esmConfigSchema.safeParse(parseJson(await readText(path, directory), path));
  if (!result.success) {
    throw new InputError(
      'MODEL_CONFIG_INVALID',
      `${path} describes no ESM-2 model: ${z.prettifyError(result.error)}`,
    );
  }
  const { hidden_size: width, num_attention_heads: heads } = result.data;
  if (width % heads !== 0 || (width / heads) % 2 !== 0) {
    throw new InputError(
      'MODEL_CONFIG_INVALID',
      `${path}: a width of ${width} cannot be split into ${heads} heads of even size.`,
    );
  }
  return result.data;
}

async function readText(path: string, directory: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    throw new InputError(
      'MODEL_NOT_FOUND',
      `No model at ${directory}: ${path} cannot be read. --model takes a HuggingFace directory ` +
        '(config.json, *.safetensors), or "demo".',
      { cause: error },
    );
  }
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new InputError('MODEL_CONFIG_INVALID', `${path} is not JSON. Download the model again.`, {
      cause: error,
    });
  }
}

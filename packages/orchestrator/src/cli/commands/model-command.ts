import type { EmbeddingDtype, Pooling, Precision } from '@virnucpro/protocol';
import type { Argv, CommandModule } from 'yargs';

import type { RunContext, Finish } from '../../run/run-context.ts';
import { addAll, declared, type DeclaredCommand } from '../arguments/declared-command.ts';
import { checkCommand } from './model-check-command.ts';

/** `model build`, `model info` and `model check`. */
export function modelCommand(context: RunContext, finish: Finish): CommandModule {
  return {
    command: 'model',
    describe: 'look at a model, build its ONNX graph, or check it in fp16 or int8',
    builder: (yargs) =>
      addAll(yargs, modelParts(context, finish)).demandCommand(
        1,
        'Say what to do with the model: build, info or check.',
      ),
    handler: () => undefined,
  };
}

export function modelParts(context: RunContext, finish: Finish): readonly DeclaredCommand[] {
  return [
    declared(buildCommand(context, finish), ['model']),
    declared(infoCommand(context, finish), ['model']),
    declared(checkCommand(context, finish), ['model']),
  ];
}

interface InfoArguments {
  readonly directory: string;
  readonly json: boolean;
}

function infoCommand(context: RunContext, finish: Finish): CommandModule<object, InfoArguments> {
  return {
    command: 'info <directory>',
    describe: 'what a HuggingFace ESM-2 directory holds',
    builder: (yargs) =>
      yargs
        .positional('directory', { type: 'string', demandOption: true })
        .option('json', { type: 'boolean', default: false, describe: 'print JSON' }),
    handler: async ({ directory, json }) => {
      const { defaultCacheDirectory, describeModel } = await import('@virnucpro/model');
      const description = await describeModel(directory, defaultCacheDirectory(context.environment));
      if (json) context.stdout.write(`${JSON.stringify(description)}\n`);
      else {
        for (const [name, value] of Object.entries(description)) {
          context.stdout.write(
            `${name.padEnd(22)} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}\n`,
          );
        }
      }
      finish(0);
    },
  };
}

interface BuildArguments {
  readonly directory: string;
  readonly out: string;
  readonly precision: Precision;
  readonly pooling: Pooling;
  readonly dtype: EmbeddingDtype;
  readonly maxResidues: number;
}

function buildCommand(context: RunContext, finish: Finish): CommandModule<object, BuildArguments> {
  return {
    command: 'build <directory>',
    describe: 'write the ONNX graph of a HuggingFace ESM-2 directory; fp32 weights stay where they are',
    builder: (yargs) =>
      yargs
        .positional('directory', { type: 'string', demandOption: true })
        .option('out', {
          alias: 'o',
          type: 'string',
          demandOption: true,
          requiresArg: true,
          describe: 'folder to write to',
        })
        .option('precision', {
          choices: ['fp32', 'fp16', 'int8'] as const,
          default: 'fp32',
          describe: 'numbers that the model computes with',
        })
        .option('pooling', {
          choices: ['mean', 'bos', 'max'] as const,
          default: 'mean',
          describe: 'row of a sequence',
        })
        .option('dtype', {
          choices: ['float32', 'float16'] as const,
          default: 'float32',
          describe: 'type of the rows',
        })
        .option('max-residues', {
          type: 'number',
          default: 1022,
          describe: 'longest sequence that the graph takes',
        }) as unknown as Argv<BuildArguments>,
    handler: async ({ directory, out, precision, pooling, dtype, maxResidues }) => {
      const { buildModelInto, defaultCacheDirectory } = await import('@virnucpro/model');
      const model = await buildModelInto({
        directory,
        outDirectory: out,
        cacheDirectory: defaultCacheDirectory(context.environment),
        precision,
        pooling,
        outputDtype: dtype,
        maxResidues,
      });
      context.stdout.write(`${model.graphPaths.cpu}\n`);
      finish(0);
    },
  };
}

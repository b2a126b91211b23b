import type { PreparedModel } from '@virnucpro/model';
import { calculateTokenBudget, type NoTokenBudget, type Precision as GpuPrecision } from '@virnucpro/packing';
import { DeviceError } from '@virnucpro/protocol';

import type { RunSettings } from '../config/run-options.ts';
import type { DeviceMemory } from '../devices/resolve-devices.ts';

export interface ChosenBudget {
  /** Tokens per pack, BOS and EOS included. */
  readonly tokenBudget: number;
  /** Where the number comes from, for people. */
  readonly explanation: string;
}

type BudgetSettings = Pick<RunSettings, 'token-budget' | 'max-residues' | 'precision'>;
type BudgetModel = Pick<PreparedModel, 'name' | 'parameterCount' | 'embeddingDim' | 'layers' | 'heads'>;

const BYTES_PER_WEIGHT = { fp32: 4, fp16: 2 } as const satisfies Record<GpuPrecision, number>;
const SPECIAL_TOKENS = 2;

/**
 * The token budget of a run: what was asked for, else that of the run that is resumed, else by the memory of the device
 * that has least.
 *
 * @param earlier the budget of the run that is resumed: it decides the packs, and "auto" means that one then
 * @param memory null without a GPU, or where the driver does not say
 * @throws {DeviceError} MODEL_TOO_LARGE
 */
export function chooseTokenBudget(
  settings: BudgetSettings,
  model: BudgetModel,
  { memory, earlier }: { memory: DeviceMemory | null; earlier: number | null },
): ChosenBudget {
  // Memory is asked for on GPUs only, and int8 is refused there.
  const precision = settings.precision === 'int8' ? 'fp32' : settings.precision;
  const asked = settings['token-budget'];
  if (asked === 'auto' && earlier !== null)
    return { tokenBudget: earlier, explanation: `${earlier} tokens per pack, as this run began` };
  const budgetIn = (inPrecision: GpuPrecision) =>
    calculateTokenBudget({
      freeMemoryBytes: memory?.freeBytes ?? null,
      modelBytes: BYTES_PER_WEIGHT[inPrecision] * model.parameterCount,
      hiddenSize: model.embeddingDim,
      layers: model.layers,
      heads: model.heads,
      intermediateSize: 4 * model.embeddingDim,
      precision: inPrecision,
      maxSequenceTokens: settings['max-residues'] + SPECIAL_TOKENS,
      ...(asked === 'auto' ? {} : { explicit: asked }),
    });
  const budget = budgetIn(precision);
  if (budget.fits) return budget;
  throw modelTooLarge(model, budget, {
    memory,
    precision,
    wouldFitInHalf: precision === 'fp32' && budgetIn('fp16').fits,
  });
}

function modelTooLarge(
  { name, parameterCount }: BudgetModel,
  { neededBytes, fittingModelBytes }: NoTokenBudget,
  {
    memory,
    precision,
    wouldFitInHalf,
  }: { memory: DeviceMemory | null; precision: GpuPrecision; wouldFitInHalf: boolean },
): DeviceError {
  const weights = gibibytes(BYTES_PER_WEIGHT[precision] * parameterCount);
  const fitting = (fittingModelBytes / BYTES_PER_WEIGHT[precision] / 1e9).toFixed(1);
  return new DeviceError(
    'MODEL_TOO_LARGE',
    `${name} does not fit on ${memory?.label ?? 'the device'}: its weights take ${weights} in ${precision}, and with its smallest ` +
      `packs it needs ${gibibytes(neededBytes)} free; there are ${gibibytes(memory?.freeBytes ?? 0)}. ` +
      `In ${precision} a model of up to ${fitting} billion parameters would fit${wouldFitInHalf ? '; with --precision fp16 this one would' : ''}. ` +
      'Use GPUs with more memory, a smaller model, or --device cpu; --token-budget N tries all the same.',
  );
}

function gibibytes(bytes: number): string {
  return `${(bytes / 2 ** 30).toFixed(1)} GiB`;
}

import * as z from 'zod';

import { serializedErrorSchema } from './error-schema.ts';
import { ProtocolError } from './errors.ts';
import { leaseIdSchema, rankSchema, shardIdSchema } from './id-schemas.ts';
import { shardSchema } from './shard.ts';
import { translationSettingsSchema } from './translation.ts';

/** Raised by one whenever a message changes; parent and worker must agree. */
export const PROTOCOL_VERSION = 3;

export const executionProviderSchema = z.enum(['cpu', 'cuda']);
export type ExecutionProvider = z.infer<typeof executionProviderSchema>;

/** A GPU, or a part of one, as the driver knows it. */
export const physicalDeviceSchema = z.strictObject({
  /** Number of the GPU in PCI bus order. */
  index: z.int().nonnegative(),
  name: z.string().min(1),
  /** Of the GPU. */
  uuid: z.string().min(1),
  pciBusId: z.string().min(1).nullable(),
  /** UUID of the MIG device; null for a whole GPU. */
  mig: z.string().min(1).nullable(),
});
export type PhysicalDevice = z.infer<typeof physicalDeviceSchema>;

export const deviceSpecSchema = z.strictObject({
  provider: executionProviderSchema,
  /** What people read in logs: `cpu`, `cuda:2`, a UUID. */
  label: z.string().min(1),
  /** The child's CUDA_VISIBLE_DEVICES: one entry, or the empty string on CPU. */
  visibleDevices: z.string(),
  /** Null on CPU, and where nvidia-smi did not tell. */
  physical: physicalDeviceSchema.nullable(),
});
export type DeviceSpec = z.infer<typeof deviceSpecSchema>;

export const poolingSchema = z.enum(['mean', 'bos', 'max']);
export type Pooling = z.infer<typeof poolingSchema>;
export const embeddingDtypeSchema = z.enum(['float32', 'float16']);
export type EmbeddingDtype = z.infer<typeof embeddingDtypeSchema>;
/** Numbers that the model computes with; fp16 keeps statistics and pooling in float32, int8 all but its matrix products. */
export const precisionSchema = z.enum(['fp32', 'fp16', 'int8']);
export type Precision = z.infer<typeof precisionSchema>;
export const longSequencesSchema = z.enum(['truncate', 'reject']);
export type LongSequences = z.infer<typeof longSequencesSchema>;
export const packingModeSchema = z.enum(['packed', 'one-by-one']);
export type PackingMode = z.infer<typeof packingModeSchema>;
export const logLevelSchema = z.enum(['error', 'warn', 'info', 'debug']);
export type LogLevel = z.infer<typeof logLevelSchema>;

/** All that a worker needs to know of the run; fixed for the worker's life. */
export const workerConfigSchema = z.strictObject({
  runId: z.string().min(1),
  settingsHash: z.string().min(1),
  checkpointDirectory: z.string().min(1),
  logDirectory: z.string().min(1),
  logLevel: logLevelSchema,
  inputPaths: z.array(z.string().min(1)).min(1),
  /** The same files as the user named them, for messages. */
  displayPaths: z.array(z.string().min(1)).min(1),
  graphPath: z.string().min(1),
  /** In fp32, for rows that are not finite in a narrower precision; null in a run that is in fp32. */
  fallbackGraphPath: z.string().min(1).nullable(),
  /** See docs/adr: large models share mapped weights instead of packing a private copy. */
  disablePrepacking: z.boolean(),
  embeddingDim: z.int().positive(),
  vocabularyPath: z.string().min(1).nullable(),
  dtype: embeddingDtypeSchema,
  tokenBudget: z.int().positive(),
  /** Most tokens of a shard. */
  shardTokens: z.int().positive(),
  packing: packingModeSchema,
  maxResidues: z.int().positive(),
  longSequences: longSequencesSchema,
  /** Null when the records are proteins already. */
  translation: translationSettingsSchema.nullable(),
  threadsPerWorker: z.int().positive(),
  loaderThreads: z.int().positive(),
  queueDepth: z.int().positive(),
  checkpointIntervalMs: z.int().positive(),
  heartbeatIntervalMs: z.int().positive(),
});
export type WorkerConfig = z.infer<typeof workerConfigSchema>;

const recordIndexSchema = z.int().nonnegative();

/** What was found out about a pack that ended its worker again and again; how it is computed from now on. */
export const packVerdictSchema = z.strictObject({
  packIndex: z.int().nonnegative(),
  /** Records, by position in the shard, that crash whatever computes them: rejected. */
  crashing: z.array(recordIndexSchema),
  /** Most tokens computed at once when the whole pack is too much for the device; null when it is not. */
  tokenLimit: z.int().positive().nullable(),
  /** What was seen, for failed.tsv. */
  detail: z.string(),
});
export type PackVerdict = z.infer<typeof packVerdictSchema>;

export const orchestratorMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('init'),
    protocolVersion: z.literal(PROTOCOL_VERSION),
    rank: rankSchema,
    worldSize: z.int().positive(),
    device: deviceSpecSchema,
    /** Compute the largest packs before `ready`; no memory for them is an error. */
    warmUp: z.boolean(),
    config: workerConfigSchema,
  }),
  z.strictObject({
    type: z.literal('assign'),
    leaseId: leaseIdSchema,
    attempt: z.int().positive(),
    shard: shardSchema,
    /** One pack at a time, each announced before it is computed, so that the one that crashes is known. */
    cautious: z.boolean(),
    verdicts: z.array(packVerdictSchema),
  }),
  /** Compute these records of a pack as a pack of their own and keep nothing: does the worker survive it? */
  z.strictObject({
    type: z.literal('probe'),
    leaseId: leaseIdSchema,
    shard: shardSchema,
    packIndex: z.int().nonnegative(),
    recordIndices: z.array(recordIndexSchema).min(1),
  }),
  /** Finish the pack in flight, make the logs durable, exit 0. */
  z.strictObject({ type: z.literal('drain') }),
]);
export type OrchestratorMessage = z.infer<typeof orchestratorMessageSchema>;

/** What a worker measured since its last metrics message; sums, so that they add up over messages and workers. */
export const metricsDeltaSchema = z.strictObject({
  packs: z.int().nonnegative(),
  sequences: z.int().nonnegative(),
  tokens: z.int().nonnegative(),
  /** Sum over packs of sequences x longest sequence: the tokens that padding would have cost. */
  paddedTokens: z.int().nonnegative(),
  budgetTokens: z.int().nonnegative(),
  waitMs: z.number().nonnegative(),
  busyMs: z.number().nonnegative(),
  /** Time for which no pack was taken because too many rows were waiting to be written. */
  writeWaitMs: z.number().nonnegative(),
  starvedPacks: z.int().nonnegative(),
  /** Not computed, because a record with the same residues was: they got its row. */
  copiedSequences: z.int().nonnegative(),
  copiedTokens: z.int().nonnegative(),
  /** Packs by wait, fill and, for their sequences, length; the borders are in the monitor's histograms. */
  waitCounts: z.array(z.int().nonnegative()),
  fillCounts: z.array(z.int().nonnegative()),
  lengthCounts: z.array(z.int().nonnegative()),
});
export type MetricsDelta = z.infer<typeof metricsDeltaSchema>;

export const workerMessageSchema = z.discriminatedUnion('type', [
  z.strictObject({
    type: z.literal('ready'),
    protocolVersion: z.literal(PROTOCOL_VERSION),
    rank: rankSchema,
    pid: z.int().positive(),
    deviceName: z.string(),
    executionProvider: executionProviderSchema,
    startupMs: z.number().nonnegative(),
  }),
  z.strictObject({
    type: z.literal('heartbeat'),
    rssBytes: z.int().nonnegative(),
    /** Time that the session thread has spent in the pack it is computing; null while it computes none. */
    currentPackMs: z.number().nonnegative().nullable(),
    queueDepth: z.int().nonnegative(),
    /** Leases that the worker can use: the shard that it computes and those that it loads ahead. */
    shardsWanted: z.int().positive(),
    metrics: metricsDeltaSchema,
  }),
  z.strictObject({
    type: z.literal('shard-completed'),
    leaseId: leaseIdSchema,
    shardId: shardIdSchema,
    rows: z.int().nonnegative(),
    rejected: z.int().nonnegative(),
    packs: z.int().nonnegative(),
    /** Packs found finished in the log of an earlier attempt. */
    packsReused: z.int().nonnegative(),
    tokensReused: z.int().nonnegative(),
    /** Packs that were computed in parts, for lack of memory. */
    packsSplit: z.int().nonnegative(),
    /** Of all packs, with what repeated sequences spared. */
    tokens: z.int().nonnegative(),
    elapsedMs: z.number().nonnegative(),
  }),
  /** Under a cautious lease: this pack is computed next. */
  z.strictObject({
    type: z.literal('pack-started'),
    leaseId: leaseIdSchema,
    packIndex: z.int().nonnegative(),
    recordIndices: z.array(recordIndexSchema).min(1),
    numTokens: z.int().positive(),
  }),
  z.strictObject({ type: z.literal('probe-survived'), leaseId: leaseIdSchema }),
  /** A checkpoint log that could not be used as it was: what was wrong and what follows. */
  z.strictObject({ type: z.literal('log-repaired'), shardId: shardIdSchema, problem: z.string().min(1) }),
  /** Sent before the worker ends on an error. */
  z.strictObject({ type: z.literal('fatal'), error: serializedErrorSchema }),
]);
export type WorkerMessage = z.infer<typeof workerMessageSchema>;

/** @throws {ProtocolError} INVALID_MESSAGE, naming the sender, the type seen and the field that does not fit. */
export function parseWorkerMessage(message: unknown, sender: string): WorkerMessage {
  return parseMessage(workerMessageSchema, message, sender);
}

/** @throws {ProtocolError} INVALID_MESSAGE, naming the sender, the type seen and the field that does not fit. */
export function parseOrchestratorMessage(message: unknown): OrchestratorMessage {
  return parseMessage(orchestratorMessageSchema, message, 'the orchestrator');
}

function parseMessage<T>(schema: z.ZodType<T>, message: unknown, sender: string): T {
  const result = schema.safeParse(message);
  if (result.success) return result.data;
  const type =
    typeof message === 'object' && message !== null && 'type' in message
      ? JSON.stringify(message.type)
      : 'none';
  throw new ProtocolError(
    'INVALID_MESSAGE',
    `A message of type ${type} from ${sender} does not fit protocol version ${PROTOCOL_VERSION}: ` +
      `${z.prettifyError(result.error)}. Parent and worker must be of the same build.`,
  );
}

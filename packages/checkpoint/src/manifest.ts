import { createHash } from 'node:crypto';

import { CheckpointError } from '@virnucpro/protocol';
import * as z from 'zod';

import { writeFileAtomically, type DurableFileSystem } from './durable-file-system.ts';

const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);
const hash = z.string().regex(/^[0-9a-f]{64}$/);

export const manifestSchema = z.strictObject({
  formatVersion: z.literal(1),
  runId: z.string().min(1),
  toolVersion: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  status: z.enum(['running', 'stopped', 'complete']),
  /** What decides the output's bytes. */
  settings: z.record(z.string(), scalar),
  settingsHash: hash,
  /** The options of the run, for a later resume. */
  options: z.record(z.string(), scalar),
  model: z.strictObject({
    name: z.string(),
    fingerprint: hash,
    isDemo: z.boolean(),
    embeddingDim: z.int().positive(),
    layers: z.int().positive(),
    heads: z.int().positive(),
    parameterCount: z.int().positive(),
    graphVersion: z.int().positive(),
  }),
  inputs: z.array(
    z.strictObject({
      displayPath: z.string(),
      path: z.string(),
      kind: z.enum(['plain', 'gzip', 'stdin']),
      bytes: z.int().nonnegative().nullable(),
      mtimeMs: z.number().nullable(),
    }),
  ),
  /** What the scan found; the digest is over all shards with their checksums. */
  scan: z
    .strictObject({
      records: z.int().nonnegative(),
      residues: z.int().nonnegative(),
      tokens: z.int().nonnegative(),
      shards: z.int().nonnegative(),
      digest: hash,
    })
    .nullable(),
  outputs: z
    .array(
      z.strictObject({
        name: z.string(),
        bytes: z.int().nonnegative(),
        sha256: hash,
        rows: z.int().nonnegative(),
      }),
    )
    .nullable(),
  /** Report, events and logs of a finished run; null before. */
  records: z
    .array(z.strictObject({ name: z.string(), bytes: z.int().nonnegative(), sha256: hash }))
    .nullable(),
  notices: z.array(z.string()),
});

/** The state and identity of a run. What is computed is in the logs alone, never here. */
export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestSettings = Manifest['settings'];

/** The manifest carries a checksum of itself, so that a flipped bit in it is found too. */
const CHECKSUM_FIELD = 'manifestSha256';

export async function writeManifest(
  fileSystem: DurableFileSystem,
  path: string,
  manifest: Manifest,
): Promise<void> {
  await writeFileAtomically(fileSystem, path, Buffer.from(encodeManifest(manifest)));
}

function encodeManifest(manifest: Manifest): string {
  const content = manifestSchema.parse(manifest);
  return `${JSON.stringify({ ...content, [CHECKSUM_FIELD]: checksum(content) }, null, 2)}\n`;
}

/**
 * @returns null when there is none
 * @throws {CheckpointError} MANIFEST_DAMAGED
 */
export async function readManifest(fileSystem: DurableFileSystem, path: string): Promise<Manifest | null> {
  if (!(await fileSystem.exists(path))) return null;
  const text = (await fileSystem.readFile(path)).toString('utf8');
  const manifest = parseManifest(text);
  // The very bytes are compared: a flip in white space is damage too.
  if (manifest === null || encodeManifest(manifest) !== text) {
    throw new CheckpointError(
      'MANIFEST_DAMAGED',
      `${path} is damaged: it does not match its own checksum. Restore it from a copy, or start over with --force-restart.`,
      { details: { path } },
    );
  }
  return manifest;
}

function parseManifest(text: string): Manifest | null {
  try {
    const content = z.looseObject({}).parse(JSON.parse(text));
    return manifestSchema.strip().parse(content);
  } catch {
    return null;
  }
}

function checksum(content: Manifest): string {
  return createHash('sha256').update(JSON.stringify(content)).digest('hex');
}

/** sha256 over the settings, whatever the order of their keys. */
export function hashSettings(settings: ManifestSettings): string {
  return createHash('sha256')
    .update(JSON.stringify(Object.entries(settings).sort()))
    .digest('hex');
}

export interface SettingDifference {
  readonly name: string;
  readonly old: ManifestSettings[string] | undefined;
  readonly new: ManifestSettings[string] | undefined;
}

/** The settings that differ, by name. */
export function compareSettings(old: ManifestSettings, current: ManifestSettings): SettingDifference[] {
  const names = [...new Set([...Object.keys(old), ...Object.keys(current)])].sort();
  return names
    .filter((name) => old[name] !== current[name])
    .map((name) => ({ name, old: old[name], new: current[name] }));
}

import * as z from 'zod';

/** How nucleotide records become sequences to embed; all of it decides what comes out. */
export const translationSettingsSchema = z.strictObject({
  /** In bases; those that VirNucPro has models for. */
  chunkLength: z.union([z.literal(300), z.literal(500)]),
  /** Number of an NCBI translation table. */
  geneticCode: z.int().positive(),
  /** Shorter proteins are dropped; 1 keeps all. */
  minResidues: z.int().positive(),
  /** A frame with stop codons gives its stop-free pieces; else it gives nothing. */
  orfs: z.boolean(),
});
export type TranslationSettings = z.infer<typeof translationSettingsSchema>;

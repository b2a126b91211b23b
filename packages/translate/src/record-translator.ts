import type { TranslationSettings } from '@virnucpro/protocol';

import { planChunks } from './chunk-plan.ts';
import { ChunkWriter, type TranslatedBytes, type WantedFiles } from './chunk-writer.ts';
import type { NucleotideRecord } from './nucleotide-reader.ts';

export interface TranslationTotals {
  /** With those that are empty. */
  readonly records: number;
  readonly emptyRecords: number;
  readonly bases: number;
  readonly chunks: number;
  /** Open frames, or pieces of frames: the records of both frame files. */
  readonly frames: number;
}

/** Records in, the bytes of VirNucPro's three files, or of the wanted one, out. Pure; memory for about 1 MiB of each. */
export class RecordTranslator {
  readonly #settings: TranslationSettings;
  readonly #writer: ChunkWriter;
  readonly #totals = { records: 0, emptyRecords: 0, bases: 0, chunks: 0 };

  /** @throws {RangeError} when there is no such genetic code */
  constructor(settings: TranslationSettings, wanted: WantedFiles = 'all') {
    this.#settings = settings;
    this.#writer = new ChunkWriter(settings, wanted);
  }

  get totals(): TranslationTotals {
    return { ...this.#totals, frames: this.#writer.frames };
  }

  /** Takes one record; yields what has gathered whenever that is enough for a write, also in the middle of it. */
  *add({ id, sequence }: NucleotideRecord): Generator<TranslatedBytes, void> {
    const plan = planChunks(sequence.length, this.#settings.chunkLength);
    this.#totals.records += 1;
    this.#totals.bases += sequence.length;
    this.#totals.chunks += plan.count;
    if (plan.count === 0) this.#totals.emptyRecords += 1;
    else this.#writer.begin(id);
    for (let first = 0; first < plan.count;) {
      const written = this.#writer.write(sequence, plan, first);
      first += written;
      if (written > 0) continue;
      if (!this.#writer.isEmpty) yield* this.flush();
      else {
        // One chunk of many pieces, or with a very long id.
        this.#writer.enlarge();
        this.#writer.begin(id);
      }
    }
  }

  /** Yields what has gathered since the last yield, if anything. */
  *flush(): Generator<TranslatedBytes, void> {
    if (this.#writer.isEmpty) return;
    yield this.#writer.bytes;
    this.#writer.clear();
  }
}

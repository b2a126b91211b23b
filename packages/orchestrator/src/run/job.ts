import type { Manifest, RunPaths } from '@virnucpro/checkpoint';
import type { InputFile } from '@virnucpro/fasta';
import type { PreparedModel } from '@virnucpro/model';
import type { Logger } from 'winston';

import type { RunSettings } from '../config/run-options.ts';
import type { ResolvedDevices } from '../devices/resolve-devices.ts';
import type { EventLog } from '../events/event-log.ts';
import type { ProgressView } from '../progress/progress-view.ts';
import type { ByteSettings } from './fingerprint.ts';
import type { RunClaim } from './claim-run.ts';
import type { Mission } from './mission.ts';
import type { RunContext } from './run-context.ts';
import type { RunInput } from './run-inputs.ts';
import type { StopSignals } from './stop-signals.ts';

/** What was asked for. */
export interface JobRequest {
  readonly files: readonly InputFile[];
  readonly runDirectory: string;
  readonly settings: RunSettings;
  readonly context: RunContext;
}

/** A run that may begin to compute: all that was checked and prepared before. */
export interface Job extends JobRequest {
  readonly mission: Mission;
  readonly claim: RunClaim;
  readonly paths: RunPaths;
  readonly manifest: Manifest;
  readonly state: 'new' | 'resumed' | 'finished';
  readonly byteSettings: ByteSettings;
  /** The inputs as they are now. */
  readonly inputs: readonly RunInput[];
  /** Those of them that were written to since the run began. */
  readonly touched: readonly RunInput[];
  readonly model: PreparedModel;
  readonly devices: ResolvedDevices;
  readonly log: Logger;
  readonly view: ProgressView;
  readonly events: EventLog;
  readonly stop: StopSignals;
  /** Ends progress view, event log and log file; all that was written to them is in the files then. */
  readonly closeRecords: () => Promise<void>;
}

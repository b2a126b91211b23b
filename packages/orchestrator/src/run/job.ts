import type { Manifest, RunPaths } from '@virnucpro/checkpoint';
import type { PreparedModel } from '@virnucpro/model';
import type { Logger } from 'winston';

import type { ResolvedDevices } from '../devices/resolve-devices.ts';
import type { EventLog } from '../events/event-log.ts';
import type { ProgressView } from '../progress/progress-view.ts';
import type { ByteSettings } from './fingerprint.ts';
import type { JobRequest } from './run-job.ts';
import type { StopSignals } from './stop-signals.ts';

/** A run that may begin to compute: all that was checked and prepared before. */
export interface Job extends JobRequest {
  readonly paths: RunPaths;
  readonly manifest: Manifest;
  readonly state: 'new' | 'resumed' | 'finished';
  readonly byteSettings: ByteSettings;
  readonly model: PreparedModel;
  readonly devices: ResolvedDevices;
  readonly log: Logger;
  readonly view: ProgressView;
  readonly events: EventLog;
  readonly stop: StopSignals;
}

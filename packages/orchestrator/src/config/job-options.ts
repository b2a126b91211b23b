import { logLevelSchema } from '@virnucpro/protocol';
import * as z from 'zod';

import { boolean, integer, option, text, type RunOption } from './option.ts';

const GROUP = 'Run:';

/** How the run behaves, and what it tells. */
export const JOB_OPTIONS = {
  'checkpoint-interval': option({
    schema: integer(1, 86_400),
    default: 30,
    describe: 'Seconds between fsyncs of the checkpoint logs: what a power loss can cost',
    group: GROUP,
    value: 'SEC',
  }),
  'hang-timeout': option({
    schema: z.union([z.literal('auto'), integer(1, 86_400)], 'expected "auto" or whole seconds from 1'),
    default: 'auto',
    describe: 'Seconds in one pack after which a worker counts as hung and is replaced',
    group: GROUP,
    value: 'auto|SEC',
    defaultDescription: 'auto: 20 times the slowest pack so far, at least 60',
  }),
  'space-check': option({
    schema: boolean,
    default: true,
    describe: 'Refuse to start when the disk has no room for the results; --no-space-check: start anyway',
    group: GROUP,
  }),
  'keep-checkpoints': option({
    schema: boolean,
    default: false,
    describe: 'Keep the checkpoint logs after the merge',
    group: GROUP,
  }),
  'force-restart': option({
    schema: boolean,
    default: false,
    describe: 'Throw away what RUN_DIR holds of an earlier run and start over',
    group: GROUP,
  }),
  'metrics-port': option({
    schema: integer(0, 65_535).nullable(),
    default: null,
    describe: 'Port on which Prometheus can read GET /metrics; 0: any that is free',
    group: GROUP,
    value: 'N',
    defaultDescription: 'nothing listens',
  }),
  'metrics-host': option({
    schema: text,
    default: '127.0.0.1',
    describe: 'Address of the metrics port; anything but this machine itself lets others read along',
    group: GROUP,
    value: 'HOST',
  }),
  'metrics-file': option({
    schema: text.nullable(),
    default: null,
    describe: 'File for the textfile collector of the Prometheus node exporter, every 15 seconds',
    group: GROUP,
    value: 'FILE.prom',
    defaultDescription: 'none',
  }),
  'log-level': option({
    schema: logLevelSchema,
    default: 'info',
    describe: 'Detail of the log files and of the console',
    group: GROUP,
    value: 'error|warn|info|debug',
  }),
  progress: option({
    schema: boolean,
    default: true,
    describe: 'Progress bars on a terminal, lines elsewhere; --no-progress: neither',
    group: GROUP,
  }),
  json: option({
    schema: boolean,
    default: false,
    describe: 'JSON lines on standard output instead of text',
    group: GROUP,
  }),
} as const satisfies Record<string, RunOption>;

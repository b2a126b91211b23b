import { mkdir, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join } from 'node:path';

import yargs from 'yargs';

import type { Topic, TopicResult } from './topic.ts';
import { formatTable } from './table.ts';
import { cpuTopic } from './topics/cpu.ts';
import { duplicatesTopic } from './topics/duplicates.ts';
import { monitoringTopic } from './topics/monitoring.ts';
import { overheadTopic } from './topics/overhead.ts';
import { packingTopic } from './topics/packing.ts';
import { peersTopic } from './topics/peers.ts';
import { pipelineTopic } from './topics/pipeline.ts';
import { prefetchTopic } from './topics/prefetch.ts';
import { scanTopic } from './topics/scan.ts';
import { schedulerTopic } from './topics/scheduler.ts';
import { translateTopic } from './topics/translate.ts';

const TOPICS: readonly Topic[] = [
  packingTopic,
  scanTopic,
  translateTopic,
  pipelineTopic,
  schedulerTopic,
  prefetchTopic,
  duplicatesTopic,
  monitoringTopic,
  cpuTopic,
  overheadTopic,
  peersTopic,
];

const { topics } = await yargs(process.argv.slice(2))
  .usage('npm run bench [-- --topics packing,scan]')
  .option('topics', {
    type: 'string',
    default: TOPICS.map(({ name }) => name).join(','),
    describe: 'which, comma-separated',
  })
  .strict()
  .parseAsync();

const results = join(import.meta.dirname, 'results');
await mkdir(results, { recursive: true });
const [cpu] = cpus();
console.log(
  `${cpus().length} cores (${cpu?.model ?? '?'}), ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}\n`,
);
for (const name of topics.split(',')) {
  const topic = TOPICS.find((candidate) => candidate.name === name);
  if (topic === undefined)
    throw new Error(`no topic ${name}; there are: ${TOPICS.map((t) => t.name).join(', ')}`);
  print(topic, await topic.run());
}

function print(topic: Topic, result: TopicResult): void {
  console.log(`## ${topic.name}: ${topic.question}\n`);
  console.log(formatTable(result.columns, result.rows));
  for (const note of result.notes ?? []) console.log(`  ${note}`);
  console.log('');
  const record = {
    topic: topic.name,
    measuredAt: new Date().toISOString(),
    node: process.version,
    cpus: cpus().length,
    ...result,
  };
  void writeFile(join(results, `${topic.name}.json`), `${JSON.stringify(record, null, 2)}\n`);
}

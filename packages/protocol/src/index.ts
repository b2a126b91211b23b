export * from './errors.ts';
export * from './exit-codes.ts';
export * from './ids.ts';
export * from './messages.ts';
export * from './shard.ts';
export * from './storage-failure.ts';

export * from './error-schema.ts';
export * from './errors.ts';
export * from './exit-codes.ts';
export * from './id-schemas.ts';
export * from './ids.ts';
export * from './messages.ts';
export * from './shard.ts';
export * from './storage-failure.ts';

export {
  nodeFileSystem,
  writeFileAtomically,
  type DurableFile,
  type DurableFileSystem,
} from './durable-file-system.ts';
export { PartFile, partPath } from './part-file.ts';

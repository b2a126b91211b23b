export {
  nodeFileSystem,
  writeFileAtomically,
  type DurableFile,
  type DurableFileSystem,
} from './durable-file-system.ts';
export { PartFile } from './part-file.ts';

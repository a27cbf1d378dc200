/** The log on disk, in Kafka 3.9's own files. See DESIGN.md in this folder. */
export * from './errors.ts'
export {
  offsetFileName,
  offsetOfFileName,
  parsePartitionDirName,
  parseSpecialDirName,
} from './file-names.ts'
export { Log } from './log.ts'
export { DEFAULT_LOG_CONFIG, type LogConfig, logConfigFromEntries, NO_LIMIT } from './log-config.ts'
export { DEFAULT_LOG_TUNING, type LogTuning } from './log-context.ts'
export { LogManager, type LogManagerOptions } from './log-manager.ts'
export * from './log-types.ts'

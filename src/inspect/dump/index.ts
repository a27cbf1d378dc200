/** What lies in log files, for people and scripts. */
export type { LogFilter } from './batch-filter.ts'
export { type Entry, entryFields, readEntries } from './entries.ts'
export {
  type DumpedBatch,
  type DumpedRecord,
  type DumpProblem,
  dumpBatches,
  dumpRecords,
  type Marker,
} from './log-dump.ts'

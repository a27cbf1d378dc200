/** Log files looked at, checked and repaired with no broker. See DESIGN.md in this folder. */
export { BatchWalk, type WalkEnd, type WalkedBatch, type WalkOptions } from './batch-walk.ts'
export { expandGlob } from './glob.ts'
export { listSegments, type SegmentSummary } from './list.ts'
export {
  describeFileName,
  type FileKind,
  type Located,
  type LocatedFile,
  LocateError,
  type LocateOptions,
  locate,
  type PartitionDir,
} from './locate.ts'
export { RepairError } from './repair/backup.ts'
export { executeRepair } from './repair/execute.ts'
export { lockLogDirs } from './repair/lock-log-dirs.ts'
export { planRepair, type RepairPlan } from './repair/plan.ts'
export type { PlannedStep } from './repair/step.ts'
export { LogStats } from './stat/log-stats.ts'
export { type PartitionStats, statLogs } from './stat/stat.ts'
export type { Finding, Severity } from './verify/finding.ts'
export { type VerifyOptions, type VerifySummary, verify } from './verify/verify.ts'

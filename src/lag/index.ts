/** What groups have done, as `__consumer_offsets` tells it, and how far they are behind. Nothing here does I/O. */
export { CommitWindow, DEFAULT_WINDOW, type WindowOptions } from './commit-window.ts'
export {
  byPartition,
  type Commit,
  type GroupEvent,
  GroupHistory,
  type OffsetsRecord,
  type PartitionName,
  type PastGroup,
  type PastMember,
  partitionName,
  readGroupEvent,
} from './history.ts'
export {
  type CommitSample,
  currentLag,
  duration,
  type GroupVerdict,
  type Judgement,
  judgeGroup,
  judgePartition,
  type PartitionVerdict,
} from './verdict.ts'

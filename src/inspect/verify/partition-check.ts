import { messageOf } from '../../base/errors.ts'
import { silentLogger } from '../../base/logger.ts'
import { type EpochEntry, KafkaStorageError, readPartitionMetadata } from '../../storage/index.ts'
import { checkpointed, type LogDirState } from '../log-dir-state.ts'
import type { PartitionFiles } from '../partition-files.ts'
import { ADVICE } from './advice.ts'
import { BatchCheck } from './batch-check.ts'
import { EpochCheck } from './epoch-check.ts'
import type { Findings } from './finding.ts'
import { ProducerCheck } from './producer-check.ts'
import { PartitionScope } from './scope.ts'
import { SegmentCheck, type VerifyContext } from './segment-check.ts'

/** What is known of a log that was read through. */
export interface PartitionFacts {
  readonly files: PartitionFiles
  /** Where it begins by its files, and where its last batch ends. */
  readonly firstOffset: number
  readonly endOffset: number
  readonly isCompacted: boolean
  /** From partition.metadata; undefined when that is missing or damaged. */
  readonly topicId: string | undefined
  /** What the leader-epoch-checkpoint should hold, by the batches. */
  readonly epochs: readonly EpochEntry[]
}

/** Topics of the broker's own, which are always compacted. */
const COMPACTED_TOPICS = new Set(['__consumer_offsets', '__transaction_state'])

/** Reads one partition through and checks everything in it. */
export async function checkPartition(
  context: VerifyContext,
  files: PartitionFiles,
  logDir: LogDirState,
  findings: Findings,
): Promise<PartitionFacts> {
  const scope = new PartitionScope(files, logDir, findings)
  const { segments } = files
  const batches = new BatchCheck(scope)
  const epochs = new EpochCheck(scope)
  const producers = new ProducerCheck(context.fs, scope)
  for (const [i, segment] of segments.entries()) {
    if (files.only?.has(segment.baseOffset) === false) continue
    producers.begin(segment)
    await new SegmentCheck(context, scope, segment, segments[i + 1], { batches, epochs, producers }).run()
  }
  const lastBase = segments.at(-1)?.baseOffset ?? 0
  const endOffset = Math.max(batches.nextOffset ?? 0, lastBase)
  const isCompacted =
    batches.isCompacted ||
    COMPACTED_TOPICS.has(files.dir.topic) ||
    checkpointed(logDir, 'cleaner-offset-checkpoint', files.name) !== undefined
  // The other checks need the whole log.
  if (segments.length > 0 && files.only === undefined) {
    producers.finish(endOffset)
    epochs.finish(context.fs, endOffset)
    checkOffsets(scope, segments[0]?.baseOffset ?? 0, endOffset)
  }
  if (files.only === undefined) reportGaps(scope, batches, isCompacted)
  scope.settle(isCompacted)
  checkLeftovers(context, scope)
  const topicId = readTopicId(context, scope)
  findings.flush()
  return {
    files,
    firstOffset: batches.firstOffset ?? segments[0]?.baseOffset ?? 0,
    endOffset,
    isCompacted,
    topicId,
    epochs: epochs.expected,
  }
}

function reportGaps(scope: PartitionScope, batches: BatchCheck, isCompacted: boolean): void {
  const gap = batches.firstGap
  if (gap === undefined) return
  const more = batches.gapCount > 1 ? `, and ${batches.gapCount - 1} more` : ''
  const reason = `the offsets ${gap.from} to ${gap.to} are missing${more}`
  const place = { position: gap.position, offset: gap.from }
  if (isCompacted)
    scope.add('note', 'offset-gap', gap.path, `${reason}: compaction removed them`, ADVICE.none, place)
  else scope.add('warning', 'offset-gap', gap.path, reason, ADVICE.look, place)
}

/** What the checkpoints of the log directory say about this log. */
function checkOffsets(scope: PartitionScope, firstOffset: number, endOffset: number): void {
  // Of a log that moves between directories, the checkpoints are about the other one.
  if (scope.files.dir.mark !== undefined) return
  const severity = scope.logDir.isLive ? 'note' : 'error'
  const lost = {
    'recovery-point-offset-checkpoint': 'the log was on the disk up to there, so records are lost',
    'replication-offset-checkpoint': 'that is the high watermark, so committed records are lost here',
    'log-start-offset-checkpoint': `the log begins there, so a broker deletes all of its records from ${firstOffset} on`,
    'cleaner-offset-checkpoint': 'compaction had come so far',
  } as const
  for (const [name, consequence] of Object.entries(lost)) {
    const offset = checkpointed(scope.logDir, name as keyof typeof lost, scope.name)
    if (offset === undefined || offset <= endOffset) continue
    const path = `${scope.logDir.path}/${name}`
    const reason = `it has offset ${offset} for ${scope.name}, but the log ends at ${endOffset}: ${consequence}`
    scope.add(name.startsWith('cleaner') ? 'warning' : severity, 'checkpoint', path, reason, ADVICE.repair, {
      offset,
      fix: { kind: 'lower-checkpoint', checkpoint: name },
    })
  }
}

function readTopicId(context: VerifyContext, scope: PartitionScope): string | undefined {
  const { metadata, dir } = scope.files
  if (metadata === undefined) return undefined
  const warn = (reason: string) => scope.add('warning', 'partition-metadata', metadata, reason, ADVICE.start)
  try {
    return readPartitionMetadata(context.fs, dir.path, { ...silentLogger, warn }) ?? undefined
  } catch (error) {
    if (!(error instanceof KafkaStorageError)) throw error
    const advice = 'Copy the file from another partition of the topic: all have the same.'
    scope.add('error', 'partition-metadata', metadata, messageOf(error), advice)
    return undefined
  }
}

/** Files that belong to no segment. */
function checkLeftovers(context: VerifyContext, scope: PartitionScope): void {
  const { files } = scope
  for (const file of files.marked) {
    const [what, severity] =
      file.mark === 'deleted'
        ? (['a segment that is deleted; its file goes soon', 'note'] as const)
        : ([
            'left over from a compaction that did not end',
            scope.logDir.isLive ? 'note' : 'warning',
          ] as const)
    scope.add(severity, `file-${file.mark}`, file, what, ADVICE.start)
  }
  for (const file of files.orphans) {
    if (!context.fs.existsSync(file.path)) continue
    scope.add('warning', 'index-orphan', file, 'there is no .log of this name', ADVICE.start, {
      fix: { kind: 'remove-file', path: file.path },
    })
  }
  for (const file of files.others) {
    if (/\.tmp$/.test(file.name)) continue
    scope.add('note', 'foreign-file', file, 'this is no file of a Kafka log', ADVICE.foreign)
  }
}

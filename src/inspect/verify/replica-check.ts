import type { File, FileSystem } from '../../base/file-system.ts'
import * as batch from '../../records/index.ts'
import { BatchWalk } from '../batch-walk.ts'
import { checkpointed, type LogDirState } from '../log-dir-state.ts'
import type { Findings } from './finding.ts'
import type { PartitionFacts } from './partition-check.ts'

const ADVICE_REPLICAS =
  'One of them was changed: compare both with kcli segments dump. A broker fetches a replica again whose directory is deleted while it is down.'

/** The head of a batch, checksum included: where it and the offsets are the same, so is the rest. */
interface Head {
  readonly path: string
  readonly position: number
  readonly baseOffset: number
  readonly nextOffset: number
  readonly bytes: Buffer
}

/**
 * Replicas of one partition must be the same, byte for byte, up to the high watermark that all of them know. Their
 * segments may begin elsewhere, and their old ones may be deleted. Only heads are compared: the checksum in each was
 * checked before.
 */
export async function compareReplicas(
  fs: FileSystem,
  replicas: readonly PartitionFacts[],
  stateOf: (facts: PartitionFacts) => LogDirState,
  findings: Findings,
  signal: AbortSignal,
): Promise<void> {
  const [reference, ...others] = replicas.filter((facts) => !facts.isCompacted)
  if (reference === undefined) return
  for (const other of others) {
    // Of another cluster, or of a topic that was deleted and made anew.
    if (reference.topicId !== other.topicId) continue
    const upTo = Math.min(committedEnd(reference, stateOf), committedEnd(other, stateOf))
    const difference = await firstDifference(fs, reference, other, upTo, signal)
    if (difference === undefined) continue
    const { a, b } = difference
    const where = `${a.path} has ${show(a)} at position ${a.position}`
    findings.add({
      severity: 'error',
      check: 'replicas-differ',
      path: b.path,
      position: b.position,
      offset: Math.min(a.baseOffset, b.baseOffset),
      partition: other.files.dir,
      reason: `this replica has ${show(b)} below the high watermark ${upTo}, but ${where}`,
      advice: ADVICE_REPLICAS,
    })
  }
}

function committedEnd(facts: PartitionFacts, stateOf: (facts: PartitionFacts) => LogDirState): number {
  const highWatermark = checkpointed(stateOf(facts), 'replication-offset-checkpoint', facts.files.name) ?? 0
  return Math.min(highWatermark, facts.endOffset)
}

async function firstDifference(
  fs: FileSystem,
  left: PartitionFacts,
  right: PartitionFacts,
  upTo: number,
  signal: AbortSignal,
): Promise<{ a: Head; b: Head } | undefined> {
  const from = Math.max(left.firstOffset, right.firstOffset)
  const [as, bs] = [heads(fs, left, from), heads(fs, right, from)]
  try {
    for (;;) {
      signal.throwIfAborted()
      const [a, b] = await Promise.all([as.next(), bs.next()])
      // Ends and damage have been reported with the log they are in.
      if (a.done || b.done || Math.min(a.value.baseOffset, b.value.baseOffset) >= upTo) return undefined
      if (!a.value.bytes.equals(b.value.bytes)) return { a: a.value, b: b.value }
    }
  } finally {
    await as.return(undefined)
    await bs.return(undefined)
  }
}

async function* heads(fs: FileSystem, facts: PartitionFacts, from: number): AsyncGenerator<Head, undefined> {
  const { segments } = facts.files
  for (const [i, { log }] of segments.entries()) {
    if ((segments[i + 1]?.baseOffset ?? Infinity) <= from || !fs.existsSync(log.path)) continue
    const file: File = fs.openSync(log.path, 'r')
    try {
      for await (const { buffer, at, position } of new BatchWalk(file)) {
        if (batch.nextOffset(buffer, at) <= from) continue
        const length = Math.min(batch.RECORD_BATCH_OVERHEAD, batch.batchSizeBytes(buffer, at))
        yield {
          path: log.path,
          position,
          baseOffset: batch.baseOffset(buffer, at),
          nextOffset: batch.nextOffset(buffer, at),
          bytes: Buffer.from(buffer.subarray(at, at + length)),
        }
      }
    } finally {
      file.closeSync()
    }
  }
  return undefined
}

function show({ baseOffset, nextOffset, bytes }: Head): string {
  const checksum = batch.crc(bytes, 0).toString(16).padStart(8, '0')
  return `the batch ${baseOffset} to ${nextOffset - 1} (${batch.batchSizeBytes(bytes, 0)} bytes, checksum 0x${checksum})`
}

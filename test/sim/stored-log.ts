import { baseOffset, batchSizeBytes, batchStarts, lastOffset, readRecords } from '../../src/records/index.ts'
import type { MemoryFileSystem } from '../support/memory-file-system.ts'

export interface StoredBatch {
  readonly base: number
  readonly last: number
  readonly bytes: Buffer
}

export interface StoredRecord {
  readonly offset: number
  readonly key: string
  /** Empty for a tombstone. */
  readonly value: string
}

/** A replica's log as a broker that has stopped left it. */
export interface StoredLog {
  readonly start: number
  readonly batches: readonly StoredBatch[]
}

export interface StoredReplica {
  readonly host: string
  readonly log: StoredLog
}

/** Undefined when none of the directories has it. */
export function readLog(
  files: MemoryFileSystem,
  logDirs: readonly string[],
  topic: string,
  partition: number,
): StoredLog | undefined {
  for (const logDir of logDirs) {
    const dir = `${logDir}/${topic}-${partition}`
    if (files.existsSync(dir)) return readFrom(files, dir, movedStart(files, logDir, topic, partition))
  }
  return undefined
}

function readFrom(files: MemoryFileSystem, dir: string, moved: number): StoredLog {
  const names = files
    .readdirSync(dir)
    .filter((name) => name.endsWith('.log'))
    .sort()
  const start = Math.max(Number.parseInt(names[0] ?? '0', 10), moved)
  const batches = names.flatMap((name) => {
    const bytes = files.readFileSync(`${dir}/${name}`)
    return [...batchStarts(bytes)].map((at) => ({
      base: baseOffset(bytes, at),
      last: lastOffset(bytes, at),
      bytes: bytes.subarray(at, at + batchSizeBytes(bytes, at)),
    }))
  })
  return { start, batches: batches.filter(({ last }) => last >= start) }
}

/** What lies before it in the first segments is waiting to be deleted, and nobody's business any more. */
function movedStart(files: MemoryFileSystem, logDir: string, topic: string, partition: number): number {
  const file = `${logDir}/log-start-offset-checkpoint`
  if (!files.existsSync(file)) return 0
  const line = files
    .readFileSync(file)
    .toString()
    .split('\n')
    .find((each) => each.startsWith(`${topic} ${partition} `))
  return Number(line?.split(' ')[2] ?? 0)
}

export function* recordsOf({ bytes }: StoredBatch): Generator<StoredRecord> {
  for (const { offset, key, value } of readRecords(bytes, 0))
    yield { offset, key: key?.toString('latin1') ?? '', value: value?.toString('latin1') ?? '' }
}

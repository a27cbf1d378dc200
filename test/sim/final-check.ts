import {
  baseOffset,
  batchSizeBytes,
  batchStarts,
  isCrcValid,
  lastOffset,
  readRecords,
} from '../../src/records/index.ts'
import type { MemoryFileSystem } from '../support/memory-file-system.ts'
import { type History, sentOf, short, type TopicPlan } from './history.ts'
import type { BrokerMachine } from './machines.ts'

interface Batch {
  readonly base: number
  readonly last: number
  readonly bytes: Buffer
}

interface StoredLog {
  /** Of its first segment. */
  readonly start: number
  readonly batches: readonly Batch[]
}

/** What the disks hold after everything has healed and stopped, against what clients were told. */
export class FinalCheck {
  private readonly history: History
  private readonly violation: (what: string) => void

  constructor(history: History, violation: (what: string) => void) {
    this.history = history
    this.violation = violation
  }

  check(
    topics: readonly TopicPlan[],
    replicasOf: (topic: string, partition: number) => readonly BrokerMachine[],
  ): void {
    for (const topic of topics) {
      if (topic.kind === 'passing') continue
      for (let partition = 0; partition < topic.partitions; partition++) {
        const place = `${topic.name}-${partition}`
        const replicas = replicasOf(topic.name, partition).flatMap((broker) => {
          const log = readLog(broker.disk.files, topic.name, partition)
          return log === undefined ? [] : [{ host: broker.host, log }]
        })
        this.checkReplicas(place, replicas)
        const whole = replicas.map(({ log }) => log).sort((a, b) => a.start - b.start)[0]
        if (whole === undefined) this.violation(`${place}: no broker has its log`)
        else this.checkRecords(place, topic, whole)
      }
    }
  }

  private checkReplicas(place: string, replicas: readonly { host: string; log: StoredLog }[]): void {
    const start = Math.max(...replicas.map(({ log }) => log.start))
    const [first, ...others] = replicas.map(({ host, log }) => ({
      host,
      batches: log.batches.filter(({ last }) => last >= start),
    }))
    if (first === undefined) return
    for (const other of others) {
      const length = Math.max(first.batches.length, other.batches.length)
      for (let i = 0; i < length; i++) {
        const [a, b] = [first.batches[i], other.batches[i]]
        if (a !== undefined && b !== undefined && a.bytes.equals(b.bytes)) continue
        this.violation(
          `${place} differs between ${first.host} and ${other.host}: ${describe(a)} and ${describe(b)} (batch ${i} from ${start})`,
        )
        break
      }
    }
  }

  private checkRecords(place: string, topic: TopicPlan, { start, batches }: StoredLog): void {
    const byOffset = new Map<number, string>()
    const offsetOf = new Map<string, number>()
    const lastNumbers = new Map<string, number>()
    let due = Math.min(start, batches[0]?.base ?? start)
    for (const { bytes, base, last } of batches) {
      if (base !== due) this.violation(`${place}: a batch begins at ${base} where ${due} was due`)
      if (!isCrcValid(bytes, 0)) this.violation(`${place}: the batch at ${base} has a wrong checksum`)
      due = last + 1
      for (const record of readRecords(bytes, 0)) {
        const value = record.value?.toString() ?? ''
        byOffset.set(record.offset, value)
        this.checkOrder(place, value, record.offset, offsetOf, lastNumbers)
      }
    }
    if (topic.kind === 'kept' && start > 0) this.violation(`${place} begins at ${start}`)
    for (const [offset, value] of this.history.reads.get(place) ?? []) {
      if (offset < start || byOffset.get(offset) === value) continue
      this.violation(
        `${place} offset ${offset} was read as ${short(value)} and is ${describeValue(byOffset.get(offset))}`,
      )
      break
    }
    for (const { place: where, offset, value } of this.history.acknowledged) {
      if (where !== place || (topic.kind === 'trimmed' && (offset < start || offset < 0))) continue
      const found = offsetOf.get(value)
      if (found !== undefined && (offset < 0 || byOffset.get(offset) === value)) continue
      this.violation(
        `${place}: ${short(value)} was acknowledged at ${offset} and is ${found === undefined ? 'lost' : `at ${found}`}; there is ${describeValue(byOffset.get(offset))}`,
      )
      break
    }
  }

  /** Of those who promise it: names of idempotent producers begin with `i`. */
  private checkOrder(
    place: string,
    value: string,
    offset: number,
    offsetOf: Map<string, number>,
    lastNumbers: Map<string, number>,
  ): void {
    const { producer, number } = sentOf(value)
    if (producer.startsWith('i')) {
      const before = offsetOf.get(value)
      if (before !== undefined)
        this.violation(`${place}: ${short(value)} is there twice, at ${before} and ${offset}`)
      const last = lastNumbers.get(producer) ?? -1
      if (number < last) this.violation(`${place}: ${short(value)} at ${offset} comes after number ${last}`)
      lastNumbers.set(producer, number)
    }
    offsetOf.set(value, offset)
  }
}

function readLog(files: MemoryFileSystem, topic: string, partition: number): StoredLog | undefined {
  const dir = `/logs/${topic}-${partition}`
  if (!files.existsSync(dir)) return undefined
  const names = files
    .readdirSync(dir)
    .filter((name) => name.endsWith('.log'))
    .sort()
  const start = Math.max(Number.parseInt(names[0] ?? '0', 10), movedStart(files, topic, partition))
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
function movedStart(files: MemoryFileSystem, topic: string, partition: number): number {
  const file = '/logs/log-start-offset-checkpoint'
  if (!files.existsSync(file)) return 0
  const line = files
    .readFileSync(file)
    .toString()
    .split('\n')
    .find((each) => each.startsWith(`${topic} ${partition} `))
  return Number(line?.split(' ')[2] ?? 0)
}

function describe(batch: Batch | undefined): string {
  return batch === undefined ? 'nothing' : `${batch.base}–${batch.last} (${batch.bytes.length} bytes)`
}

function describeValue(value: string | undefined): string {
  return value === undefined ? 'nothing' : short(value)
}

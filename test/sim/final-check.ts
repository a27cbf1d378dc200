import { isCrcValid } from '../../src/records/index.ts'
import { checkCompacted } from './compacted-check.ts'
import { type History, short, type TopicPlan } from './history.ts'
import type { BrokerMachine } from './machines.ts'
import { SendingOrder } from './sending-order.ts'
import { readLog, recordsOf, type StoredBatch, type StoredLog, type StoredReplica } from './stored-log.ts'

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
        const replicas = replicasOf(topic.name, partition).flatMap(({ host, disk, logDirs }) => {
          const log = readLog(disk.files, logDirs, topic.name, partition)
          return log === undefined ? [] : [{ host, log }]
        })
        this.checkPartition(`${topic.name}-${partition}`, topic, replicas)
      }
    }
  }

  private checkPartition(place: string, topic: TopicPlan, replicas: readonly StoredReplica[]): void {
    if (replicas.length === 0) this.violation(`${place}: no broker has its log`)
    else if (topic.kind === 'compacted' || topic.kind === 'internal') {
      const retainsTombstones = topic.configs['delete.retention.ms'] === undefined
      checkCompacted(place, replicas, { retainsTombstones }, this.history, this.violation)
    } else {
      this.checkReplicas(place, replicas)
      this.checkLog(
        place,
        topic,
        replicas.map(({ log }) => log).sort((a, b) => a.start - b.start)[0] as StoredLog,
      )
    }
  }

  private checkLog(place: string, topic: TopicPlan, log: StoredLog): void {
    const byOffset = this.readBatches(place, log, topic.kind === 'unclean')
    if (topic.kind === 'unclean') return
    const latestStart = this.latestStart(place, topic)
    if (log.start > latestStart)
      this.violation(`${place} begins at ${log.start}, and nobody asked for more than ${latestStart}`)
    this.checkRecords(place, topic, log.start, byOffset)
  }

  /** How far the log's start may have moved. */
  private latestStart(place: string, { kind, configs }: TopicPlan): number {
    if (kind === 'trimmed' && ('retention.bytes' in configs || 'retention.ms' in configs))
      return Number.POSITIVE_INFINITY
    return this.history.trims.get(place) ?? 0
  }

  private checkReplicas(place: string, replicas: readonly StoredReplica[]): void {
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

  /** Every record, with whatever is wrong with the batches and the order of the records. */
  private readBatches(place: string, { start, batches }: StoredLog, mayRepeat: boolean): Map<number, string> {
    const byOffset = new Map<number, string>()
    const order = new SendingOrder(place, this.violation)
    let due = Math.min(start, batches[0]?.base ?? start)
    for (const batch of batches) {
      const { bytes, base, last } = batch
      if (base !== due) this.violation(`${place}: a batch begins at ${base} where ${due} was due`)
      if (!isCrcValid(bytes, 0)) this.violation(`${place}: the batch at ${base} has a wrong checksum`)
      due = last + 1
      for (const { offset, value } of recordsOf(batch)) {
        byOffset.set(offset, value)
        if (!mayRepeat) order.next(offset, value)
      }
    }
    return byOffset
  }

  private checkRecords(
    place: string,
    topic: TopicPlan,
    start: number,
    byOffset: ReadonlyMap<number, string>,
  ): void {
    for (const [offset, value] of this.history.reads.get(place) ?? []) {
      if (offset < start || byOffset.get(offset) === value) continue
      this.violation(
        `${place} offset ${offset} was read as ${short(value)} and is ${describeValue(byOffset.get(offset))}`,
      )
      break
    }
    const values = new Set(byOffset.values())
    for (const { place: where, offset, value } of this.history.acknowledged) {
      if (where !== place || (topic.kind === 'trimmed' && (offset < start || offset < 0))) continue
      if (values.has(value) && (offset < 0 || byOffset.get(offset) === value)) continue
      this.violation(
        `${place}: ${short(value)} was acknowledged at ${offset} and is ${values.has(value) ? 'elsewhere' : 'lost'}; there is ${describeValue(byOffset.get(offset))}`,
      )
      break
    }
  }
}

function describe(batch: StoredBatch | undefined): string {
  return batch === undefined ? 'nothing' : `${batch.base}–${batch.last} (${batch.bytes.length} bytes)`
}

function describeValue(value: string | undefined): string {
  return value === undefined ? 'nothing' : short(value)
}

import type { TopicPartition } from '../offsets.ts'
import type { ConsumerRecord } from './fetch/fetched.ts'
import { nameOf } from './fetch/position.ts'

/** The records of one poll on their way through an iterator: what it has not given out does not count as read. */
export class Reading {
  private readonly records: readonly ConsumerRecord[]
  private next = 0
  /** Partitions that were sought elsewhere: their records are passed over. */
  private skipped: Set<string> | undefined

  constructor(records: readonly ConsumerRecord[]) {
    this.records = records
  }

  take(): ConsumerRecord | undefined {
    for (;;) {
      const record = this.records[this.next]
      if (record === undefined) return undefined
      this.next++
      if (this.skipped === undefined || !this.skipped.has(nameOf(record))) return record
    }
  }

  /** The first record of a partition that is still to be given out. */
  firstOf(at: TopicPartition): ConsumerRecord | undefined {
    if (this.skipped?.has(nameOf(at))) return undefined
    for (let i = this.next; i < this.records.length; i++) {
      const record = this.records[i]
      if (record?.partition === at.partition && record.topic === at.topic) return record
    }
    return undefined
  }

  skip(at: TopicPartition): void {
    this.skipped ??= new Set()
    this.skipped.add(nameOf(at))
  }
}

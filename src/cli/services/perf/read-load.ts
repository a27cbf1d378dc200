import type { Clock } from '../../../base/clock.ts'
import type { Consumer, ConsumerRecord } from '../../../client/index.ts'

export interface ReadLoad {
  readonly records: number
  /** Stop when nothing came for longer than this. */
  readonly idleTimeoutMs: number
  readonly signal: AbortSignal
  /** Told of each poll that brought something: what there was with its first record, and with all of them. */
  readonly onPoll: (nowMs: number, first: ReadSums, all: ReadSums) => void
}

export interface ReadSums {
  records: number
  /** Of keys and values. */
  bytes: number
}

const POLL_MS = 100

/**
 * Reads until there are enough records, to the end of the last poll, as Kafka's test does
 * (org.apache.kafka.tools.ConsumerPerformance.consume).
 */
export async function readLoad(clock: Clock, consumer: Consumer, load: ReadLoad): Promise<ReadSums> {
  const sums: ReadSums = { records: 0, bytes: 0 }
  let lastMs = clock.nowMs()
  let nowMs = lastMs
  while (sums.records < load.records && nowMs - lastMs <= load.idleTimeoutMs && !load.signal.aborted) {
    const records = await consumer.poll(POLL_MS)
    nowMs = clock.nowMs()
    const [first] = records
    if (first === undefined) continue
    lastMs = nowMs
    const withFirst = { records: sums.records + 1, bytes: sums.bytes + sizeOf(first) }
    for (const record of records) sums.bytes += sizeOf(record)
    sums.records += records.length
    load.onPoll(nowMs, withFirst, sums)
  }
  return sums
}

function sizeOf({ key, value }: ConsumerRecord): number {
  return (key === null ? 0 : key.length) + (value === null ? 0 : value.length)
}

import { ERROR_CODES } from '../../src/protocol/index.ts'
import {
  baseSequence,
  isCrcValid,
  type LogRecord,
  lastOffset,
  lastOffsetDelta,
  lastSequence,
  nextBatch,
  partitionLeaderEpoch,
  producerEpoch,
  producerId,
  readRecords,
  setBaseOffset,
  setPartitionLeaderEpoch,
} from '../../src/records/index.ts'

interface StoredBatch {
  readonly baseOffset: number
  readonly lastOffset: number
  readonly bytes: Buffer
}

interface ProducerState {
  epoch: number
  lastSequence: number
  recent: { first: number; last: number; offset: number }[]
}

/** One partition in memory, with the sequence checks of Kafka's ProducerStateManager. */
export class FakeLog {
  leader = 0
  leaderEpoch = 0
  /** max.message.bytes, looked at before the sequence numbers. */
  maxBatchBytes = Number.POSITIVE_INFINITY
  startOffset = 0
  endOffset = 0
  /** Where readers with read_committed have to stop. */
  lastStableOffset: number | undefined
  aborted: { producerId: number; firstOffset: number }[] = []
  readonly batches: StoredBatch[] = []
  readonly producers = new Map<number, ProducerState>()

  /** Appends what a producer sent, or says why not. */
  produce(sent: Buffer): { errorCode: number; baseOffset: number } {
    const size = nextBatch(sent, 0, sent.length)
    if (size !== sent.length || !isCrcValid(sent, 0)) return refused(ERROR_CODES.CORRUPT_MESSAGE)
    if (size > this.maxBatchBytes) return refused(ERROR_CODES.MESSAGE_TOO_LARGE)
    const id = producerId(sent, 0)
    if (id < 0) return { errorCode: 0, baseOffset: this.store(sent) }
    const epoch = producerEpoch(sent, 0)
    const first = baseSequence(sent, 0)
    const last = lastSequence(sent, 0)
    const state = this.producers.get(id)
    if (state !== undefined) {
      if (epoch < state.epoch) return refused(ERROR_CODES.INVALID_PRODUCER_EPOCH)
      if (epoch > state.epoch && first !== 0) return refused(ERROR_CODES.OUT_OF_ORDER_SEQUENCE_NUMBER)
      if (epoch === state.epoch) {
        const known = state.recent.find((batch) => batch.first === first && batch.last === last)
        if (known !== undefined) return { errorCode: 0, baseOffset: known.offset }
        if (first !== state.lastSequence + 1) return refused(ERROR_CODES.OUT_OF_ORDER_SEQUENCE_NUMBER)
      }
    }
    const offset = this.store(sent)
    const recent = state?.epoch === epoch ? state.recent.slice(-4) : []
    recent.push({ first, last, offset })
    this.producers.set(id, { epoch, lastSequence: last, recent })
    return { errorCode: 0, baseOffset: offset }
  }

  /** Puts any bytes at the end. */
  store(sent: Buffer): number {
    const bytes = Buffer.from(sent)
    const baseOffset = this.endOffset
    setBaseOffset(bytes, 0, baseOffset)
    setPartitionLeaderEpoch(bytes, 0, this.leaderEpoch)
    this.put(bytes, baseOffset, baseOffset + lastOffsetDelta(bytes, 0))
    return baseOffset
  }

  /** Puts a batch there as it is, with its own offsets. */
  storeAsIs(bytes: Buffer, from: number, to: number = lastOffset(bytes, 0)): void {
    this.put(bytes, from, to)
  }

  private put(bytes: Buffer, from: number, to: number): void {
    this.batches.push({ baseOffset: from, lastOffset: to, bytes })
    this.endOffset = to + 1
  }

  /** Whole batches from the one that holds `offset` on; at least one. */
  read(offset: number, maxBytes: number): Buffer {
    const chunks: Buffer[] = []
    let size = 0
    for (const batch of this.batches) {
      if (batch.lastOffset < offset) continue
      if (chunks.length > 0 && size + batch.bytes.length > maxBytes) break
      chunks.push(batch.bytes)
      size += batch.bytes.length
    }
    return Buffer.concat(chunks)
  }

  /** The largest epoch that is not above the one asked for, and where the batches behind it begin. */
  endOfEpoch(epoch: number): { leaderEpoch: number; endOffset: number } {
    const upTo = this.batches.filter(({ bytes }) => partitionLeaderEpoch(bytes, 0) <= epoch)
    const last = upTo.at(-1)
    if (last === undefined) return { leaderEpoch: -1, endOffset: -1 }
    const leaderEpoch = epoch >= this.leaderEpoch ? this.leaderEpoch : partitionLeaderEpoch(last.bytes, 0)
    return { leaderEpoch, endOffset: last.lastOffset + 1 }
  }

  /** As a leader that was elected out of the ISR does: what it has not got is gone. */
  truncate(endOffset: number): void {
    while ((this.batches.at(-1)?.lastOffset ?? -1) >= endOffset) this.batches.pop()
    this.endOffset = (this.batches.at(-1)?.lastOffset ?? -1) + 1
  }

  records(): LogRecord[] {
    return this.batches.flatMap((batch) => [...readRecords(batch.bytes, 0)])
  }

  values(): string[] {
    return this.records().map((record) => record.value?.toString() ?? '')
  }
}

function refused(errorCode: number): { errorCode: number; baseOffset: number } {
  return { errorCode, baseOffset: -1 }
}

import { crc32c } from '../base/crc32c.ts'
import { readInt64, writeInt64 } from '../base/int64.ts'
import { decrementSequence } from '../records/index.ts'
import { NO_OFFSET, type ProducerEntry } from './producer-entry.ts'

/**
 * `%020d.snapshot`: the producers of a log before that offset (ProducerStateManager.writeSnapshot, version 1).
 *
 *     at  bytes
 *      0      2  version, 1
 *      2      4  CRC-32C of all that follows
 *      6      4  number of producers, each:
 *      0      8    producer id
 *      8      2    producer epoch
 *     10      4    last sequence, or -1
 *     14      8    last offset, or -1
 *     22      4    last offset less first offset of the last batch
 *     26      8    timestamp of the last batch or marker
 *     34      4    coordinator epoch of the last marker, or -1
 *     38      8    first offset of the open transaction, or -1
 *
 * Written when a segment is begun and when the log is closed. One that is damaged is removed and the one before it is
 * used; the rest comes from reading the batches behind it.
 */
const VERSION = 1
const HEAD_SIZE = 10
const ENTRY_SIZE = 46

export function encodeProducerSnapshot(entries: Iterable<ProducerEntry>, count: number): Buffer {
  const bytes = Buffer.alloc(HEAD_SIZE + count * ENTRY_SIZE)
  let at = HEAD_SIZE
  for (const entry of entries) {
    const last = entry.batches.at(-1)
    writeInt64(bytes, at, entry.producerId)
    bytes.writeInt16BE(entry.producerEpoch, at + 8)
    bytes.writeInt32BE(last?.lastSequence ?? -1, at + 10)
    writeInt64(bytes, at + 14, last?.lastOffset ?? -1)
    bytes.writeInt32BE(last ? last.lastOffset - last.firstOffset : 0, at + 22)
    writeInt64(bytes, at + 26, entry.lastTimestamp)
    bytes.writeInt32BE(entry.coordinatorEpoch, at + 34)
    writeInt64(bytes, at + 38, entry.currentTxnFirstOffset)
    at += ENTRY_SIZE
  }
  bytes.writeInt16BE(VERSION, 0)
  bytes.writeInt32BE(count, 6)
  bytes.writeUInt32BE(crc32c(bytes.subarray(6)), 2)
  return bytes
}

/** Undefined when the bytes are not a snapshot. */
export function decodeProducerSnapshot(bytes: Buffer): ProducerEntry[] | undefined {
  if (bytes.length < HEAD_SIZE || bytes.readInt16BE(0) !== VERSION) return undefined
  const count = bytes.readInt32BE(6)
  if (count < 0 || bytes.length !== HEAD_SIZE + count * ENTRY_SIZE) return undefined
  if (bytes.readUInt32BE(2) !== crc32c(bytes.subarray(6))) return undefined
  const entries: ProducerEntry[] = []
  for (let at = HEAD_SIZE; at < bytes.length; at += ENTRY_SIZE) entries.push(decodeEntry(bytes, at))
  return entries
}

function decodeEntry(bytes: Buffer, at: number): ProducerEntry {
  const lastSequence = bytes.readInt32BE(at + 10)
  const lastOffset = readInt64(bytes, at + 14)
  const delta = bytes.readInt32BE(at + 22)
  const timestamp = readInt64(bytes, at + 26)
  const txnFirstOffset = readInt64(bytes, at + 38)
  const firstSequence = lastSequence < 0 ? lastSequence : decrementSequence(lastSequence, delta)
  return {
    producerId: readInt64(bytes, at),
    producerEpoch: bytes.readInt16BE(at + 8),
    coordinatorEpoch: bytes.readInt32BE(at + 34),
    lastTimestamp: timestamp,
    currentTxnFirstOffset: txnFirstOffset >= 0 ? txnFirstOffset : NO_OFFSET,
    batches:
      lastOffset < 0
        ? []
        : [{ firstSequence, lastSequence, firstOffset: lastOffset - delta, lastOffset, timestamp }],
  }
}

import fc from 'fast-check'
import { expect, test } from 'vitest'
import { VarintReader, writeVarint } from '../../src/base/varint.ts'
import { RawRecord, readRawRecord } from '../../src/records/record-v2.ts'

/** The same by the letter of the format, one number after the other. Undefined when it is no record. */
function byTheLetter(bytes: Uint8Array): RawRecord | undefined {
  const reader = new VarintReader(bytes)
  const raw = new RawRecord()
  const skip = (length: number) => {
    if (length > 0) reader.position += length
    if (reader.position > bytes.length) throw new Error('too short')
  }
  try {
    const length = reader.readVarint()
    const end = reader.position + length
    reader.position++
    raw.timestampDelta = reader.readVarlong()
    raw.offsetDelta = reader.readVarint()
    raw.keyLength = reader.readVarint()
    raw.keyAt = reader.position
    skip(raw.keyLength)
    raw.valueLength = reader.readVarint()
    raw.valueAt = reader.position
    skip(raw.valueLength)
    raw.headerCount = reader.readVarint()
    raw.headersAt = reader.position
    for (let i = 0; i < raw.headerCount; i++) {
      const keyLength = reader.readVarint()
      if (keyLength < 0) return undefined
      skip(keyLength)
      skip(reader.readVarint())
    }
    return raw.headerCount >= 0 && reader.position === end ? raw : undefined
  } catch {
    return undefined
  }
}

/** Numbers on both sides of where a varint grows by a byte. */
const edges = [0, 1, 63, 64, 65, 8191, 8192, 8193, 1_048_575, 1_048_576]
const lengths = fc.constantFrom(-1, ...edges.slice(0, 8))
const deltas = fc.constantFrom(...edges, ...edges.map((edge) => -edge))

const records = fc
  .record({ timestamp: deltas, offset: deltas, key: lengths, value: lengths, headers: fc.nat(2) })
  .map(({ timestamp, offset, key, value, headers }) => {
    const body = Buffer.alloc(20_000, 2)
    let at = writeVarint(body, writeVarint(body, 1, timestamp), offset)
    for (const length of [key, value]) at = writeVarint(body, at, length) + Math.max(length, 0)
    at = writeVarint(body, at, headers)
    // A header: a key of one byte and a value of one.
    at += 4 * headers
    const head = Buffer.alloc(5)
    return Buffer.concat([head.subarray(0, writeVarint(head, 0, at)), body.subarray(0, at)])
  })

const damage = fc.array(fc.tuple(fc.nat(40), fc.integer({ min: 0, max: 255 })), { maxLength: 2 })

test('a record is read as the format has it, whatever way is taken', () => {
  const property = fc.property(records, damage, fc.nat(30), (record, changes, cut) => {
    const bytes = Buffer.from(record)
    for (const [at, value] of changes) bytes[at % bytes.length] = value
    for (const shown of [bytes, bytes.subarray(0, Math.max(0, bytes.length - cut))]) {
      const reader = new VarintReader(shown)
      const raw = new RawRecord()
      let isRecord = true
      try {
        readRawRecord(reader, raw)
      } catch {
        isRecord = false
      }
      const expected = byTheLetter(shown)
      expect(isRecord).toBe(expected !== undefined)
      if (expected !== undefined) expect(raw).toEqual(expected)
    }
  })
  fc.assert(property, { numRuns: 2000 })
})

/**
 * Snappy as Kafka frames it (snappy-java's SnappyOutputStream, "xerial"):
 *
 *     82 53 4e 41 50 50 59 00 | int32 version 1 | int32 least compatible version 1 | blocks
 *     block: int32 length | raw Snappy block of up to 32 KB of data
 *
 * Raw Snappy without a frame, which some clients send, is read too, as Kafka reads it.
 */
import { type Codec, corruptData, joinParts, tooLarge } from './codec.ts'
import { compressBlock, declaredLength, decompressBlock } from './snappy-block.ts'

const HEADER = Buffer.from('82534e41505059000000000100000001', 'hex')
const HEADER_BYTES = HEADER.length
const HEADER_HEAD = 0x82534e41
const MAGIC_BYTES = 8
const BLOCK_BYTES = 32 * 1024

export const snappy: Codec = {
  compress(bytes) {
    const parts: Buffer[] = [HEADER]
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const block = compressBlock(bytes.subarray(at, at + BLOCK_BYTES))
      const length = Buffer.allocUnsafe(4)
      length.writeInt32BE(block.length, 0)
      parts.push(length, block)
    }
    return Buffer.concat(parts)
  },

  decompress(bytes, maxBytes) {
    if (bytes.length >= MAGIC_BYTES && HEADER.compare(bytes, 0, MAGIC_BYTES, 0, MAGIC_BYTES) === 0) {
      return decompressFramed(bytes, maxBytes)
    }
    return decompressBlock(bytes, declaredLength(bytes, maxBytes))
  },
}

function decompressFramed(bytes: Buffer, maxBytes: number): Buffer {
  const parts: Buffer[] = []
  let left = maxBytes
  let at = checkHeader(bytes, 0)
  while (at < bytes.length) {
    if (bytes.length - at < 4) throw corruptData('snappy', 'the bytes end inside a block length')
    const length = bytes.readUInt32BE(at)
    if (length === HEADER_HEAD) {
      // Streams that were put one behind the other.
      at = checkHeader(bytes, at)
      continue
    }
    at += 4
    if (length > bytes.length - at) throw corruptData('snappy', 'the bytes end inside a block')
    const block = bytes.subarray(at, at + length)
    const size = declaredLength(block, left)
    if (size > left) throw tooLarge('snappy', maxBytes)
    parts.push(decompressBlock(block, size))
    left -= size
    at += length
  }
  return joinParts(parts)
}

/** The versions are not looked at, as snappy-java does not: there was only ever one. */
function checkHeader(bytes: Buffer, at: number): number {
  if (bytes.length - at < HEADER_BYTES) throw corruptData('snappy', 'the bytes end inside the header')
  if (HEADER.compare(bytes, at, at + MAGIC_BYTES, 0, MAGIC_BYTES) !== 0)
    throw corruptData('snappy', 'not a header')
  return at + HEADER_BYTES
}

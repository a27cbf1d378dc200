/**
 * The LZ4 frame as Kafka writes it (org.apache.kafka.common.compress.Lz4BlockOutputStream):
 *
 *     04 22 4d 18 | flags 60 | block size 40 (64 KB) | header checksum 82 | blocks | 00 00 00 00
 *     block: uint32le length, top bit set when the data is not compressed | data
 *
 * Read: every block size, block checksums, content size and content checksum (not verified, as Kafka does not), and
 * blocks that depend on each other, which Kafka's own reader refuses (see {@link hasLinkedBlocks}).
 */
import { type Codec, corruptData, joinParts, tooLarge } from './codec.ts'
import { compressBlock, decompressBlock, decompressBlockInJs, MAX_EXPANSION } from './lz4-block.ts'
import { xxhash32 } from './xxhash32.ts'

const FRAME_HEADER = Buffer.from('04224d18604082', 'hex')
const MAGIC = 0x184d2204
const BLOCK_BYTES = 64 * 1024
const UNCOMPRESSED = 0x80000000
const END_MARK_BYTES = 4

const FLAG_INDEPENDENT = 0x20
const FLAG_BLOCK_CHECKSUM = 0x10
const FLAG_CONTENT_SIZE = 0x08
const FLAG_RESERVED = 0x02
const FLAG_DICTIONARY = 0x01
const FLAGS_AT = 4

interface FrameHeader {
  readonly blocksAt: number
  readonly linked: boolean
  readonly blockChecksum: boolean
  readonly maxBlockBytes: number
}

export const lz4: Codec = {
  compress(bytes) {
    const parts: Buffer[] = [FRAME_HEADER]
    for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
      const data = bytes.subarray(at, at + BLOCK_BYTES)
      const block = compressBlock(data)
      const length = Buffer.allocUnsafe(4)
      const compressed = block !== undefined && block.length < data.length
      const stored = compressed ? block : data
      length.writeUInt32LE(compressed ? stored.length : stored.length + UNCOMPRESSED, 0)
      parts.push(length, stored)
    }
    parts.push(Buffer.alloc(END_MARK_BYTES))
    return Buffer.concat(parts)
  },

  decompress(bytes, maxBytes, options) {
    const header = readHeader(bytes, maxBytes, options?.ignoreLz4HeaderChecksum === true)
    return header.linked ? readLinked(bytes, header, maxBytes) : readIndependent(bytes, header, maxBytes)
  },
}

/** Whether the frame has what Apache Kafka's reader refuses; a broker must not store such a batch. */
export function hasLinkedBlocks(bytes: Buffer): boolean {
  return bytes.length > FLAGS_AT && ((bytes[FLAGS_AT] as number) & FLAG_INDEPENDENT) === 0
}

function readHeader(bytes: Buffer, maxBytes: number, ignoreChecksum: boolean): FrameHeader {
  if (bytes.length < FRAME_HEADER.length) throw corruptData('lz4', 'the bytes end inside the frame header')
  if (bytes.readUInt32LE(0) !== MAGIC) throw corruptData('lz4', 'not a frame')
  const flags = bytes[FLAGS_AT] as number
  const sizes = bytes[FLAGS_AT + 1] as number
  if (flags >>> 6 !== 1) throw corruptData('lz4', `frame version ${flags >>> 6} is not supported`)
  if (flags & (FLAG_RESERVED | FLAG_DICTIONARY))
    throw corruptData('lz4', 'frame flags that are not supported')
  const sizeCode = sizes >>> 4
  if (sizeCode < 4 || sizeCode > 7 || (sizes & 0x0f) !== 0) throw corruptData('lz4', 'an unknown block size')
  const checksumAt = FLAGS_AT + 2 + (flags & FLAG_CONTENT_SIZE ? 8 : 0)
  if (bytes.length <= checksumAt) throw corruptData('lz4', 'the bytes end inside the frame header')
  if (
    flags & FLAG_CONTENT_SIZE &&
    bytes.readUInt32LE(FLAGS_AT + 6) * 2 ** 32 + bytes.readUInt32LE(FLAGS_AT + 2) > maxBytes
  ) {
    throw tooLarge('lz4', maxBytes)
  }
  const checksum = (xxhash32(bytes.subarray(FLAGS_AT, checksumAt)) >>> 8) & 0xff
  if (!ignoreChecksum && checksum !== bytes[checksumAt])
    throw corruptData('lz4', 'the frame header has a bad checksum')
  return {
    blocksAt: checksumAt + 1,
    linked: (flags & FLAG_INDEPENDENT) === 0,
    blockChecksum: (flags & FLAG_BLOCK_CHECKSUM) !== 0,
    maxBlockBytes: 1 << (8 + 2 * sizeCode),
  }
}

/** Calls `take` with each block up to the end mark. What lies behind it is not looked at, as in Kafka. */
function eachBlock(
  bytes: Buffer,
  header: FrameHeader,
  take: (block: Buffer, isCompressed: boolean) => void,
): void {
  let at = header.blocksAt
  for (;;) {
    if (bytes.length - at < 4) throw corruptData('lz4', 'the bytes end without an end mark')
    const word = bytes.readUInt32LE(at)
    at += 4
    if (word === 0) return
    const length = word & 0x7fffffff
    const checksumBytes = header.blockChecksum ? 4 : 0
    if (length > header.maxBlockBytes) throw corruptData('lz4', `a block of ${length} bytes is too large`)
    if (length + checksumBytes > bytes.length - at) throw corruptData('lz4', 'the bytes end inside a block')
    const block = bytes.subarray(at, at + length)
    at += length
    if (header.blockChecksum) {
      if (bytes.readUInt32LE(at) !== xxhash32(block)) throw corruptData('lz4', 'a block has a bad checksum')
      at += checksumBytes
    }
    take(block, word < UNCOMPRESSED)
  }
}

/** What a block may become: bounded by the frame, by its own bytes and by what the reader still takes. */
function blockRoom(block: Buffer, header: FrameHeader, left: number): number {
  return Math.min(header.maxBlockBytes, block.length * MAX_EXPANSION, left)
}

function readIndependent(bytes: Buffer, header: FrameHeader, maxBytes: number): Buffer {
  const parts: Buffer[] = []
  let left = maxBytes
  eachBlock(bytes, header, (block, isCompressed) => {
    const room = blockRoom(block, header, left)
    const part = isCompressed ? decompressInto(block, room, left, maxBytes) : block
    if (part.length > left) throw tooLarge('lz4', maxBytes)
    left -= part.length
    parts.push(part)
  })
  return joinParts(parts)
}

function decompressInto(block: Buffer, room: number, left: number, maxBytes: number): Buffer {
  try {
    return decompressBlock(block, room)
  } catch (error) {
    throw room === left ? tooLarge('lz4', maxBytes) : error
  }
}

function readLinked(bytes: Buffer, header: FrameHeader, maxBytes: number): Buffer {
  let out = Buffer.allocUnsafe(Math.min(maxBytes, bytes.length * 4))
  let to = 0
  eachBlock(bytes, header, (block, isCompressed) => {
    const room = isCompressed ? blockRoom(block, header, maxBytes - to) : block.length
    if (room > maxBytes - to) throw tooLarge('lz4', maxBytes)
    if (out.length - to < room) {
      const grown = Buffer.allocUnsafe(Math.min(maxBytes, Math.max(to + room, out.length * 2)))
      out.copy(grown, 0, 0, to)
      out = grown
    }
    if (isCompressed) to = decompressBlockInJs(block, out.subarray(0, to + room), to, 0)
    else to += block.copy(out, to)
  })
  return out.subarray(0, to)
}

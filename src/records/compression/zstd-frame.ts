/**
 * The outside of a Zstandard frame (RFC 8878), read without decoding it:
 *
 *     uint32le magic fd2fb528 | descriptor: bits 6-7 size of content size, 5 single segment, 2 checksum, 0-1 dictionary
 *     unless single segment: window descriptor | dictionary id, 0 to 4 bytes | content size, 0 to 8 bytes
 *     blocks: uint24le (bit 0 last, bits 1-2 type, then size) | data
 *     with checksum: 4 bytes
 *
 * Node's decoder takes a frame that is cut off for a whole one, and reads one frame only; so we find the ends ourselves.
 */
import { corruptData } from './codec.ts'

const MAGIC = 0xfd2fb528
const SKIPPABLE_MAGIC = 0x184d2a50
const MAX_BLOCK_BYTES = 128 * 1024
/** The decoder's own default, ZSTD_WINDOWLOG_LIMIT_DEFAULT, which Kafka leaves as it is. */
const MAX_WINDOW_BYTES = 2 ** 27
const RAW_BLOCK = 0
const RLE_BLOCK = 1
const RESERVED_BLOCK = 3

export interface ZstdFrame {
  /** The position behind it. */
  readonly end: number
  /** Holds user data that decoders pass over. */
  readonly isSkippable: boolean
  /** What it says it holds; undefined when it does not say. */
  readonly contentBytes: number | undefined
}

/** The frame at `at`. Throws when it is not there whole, or claims more than its blocks can hold. */
export function readFrame(bytes: Buffer, at: number): ZstdFrame {
  need(bytes.length - at >= 8)
  const magic = bytes.readUInt32LE(at)
  if ((magic & 0xfffffff0) >>> 0 === SKIPPABLE_MAGIC) {
    const end = at + 8 + bytes.readUInt32LE(at + 4)
    need(end <= bytes.length)
    return { end, isSkippable: true, contentBytes: undefined }
  }
  if (magic !== MAGIC) throw corruptData('zstd', 'not a frame')
  const descriptor = bytes[at + 4] as number
  const isSingleSegment = (descriptor & 0x20) !== 0
  if (!isSingleSegment) checkWindow(bytes[at + 5] as number)
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] as number
  const sizeAt = at + (isSingleSegment ? 5 : 6) + ([0, 1, 2, 4][descriptor & 3] as number)
  need(sizeAt + sizeBytes <= bytes.length)
  const contentBytes = sizeBytes === 0 ? undefined : readSize(bytes, sizeAt, sizeBytes)
  const blocks = walkBlocks(bytes, sizeAt + sizeBytes)
  const end = blocks.end + (descriptor & 4 ? 4 : 0)
  need(end <= bytes.length)
  if (contentBytes !== undefined && contentBytes > blocks.mostBytes) {
    throw corruptData('zstd', `a frame cannot hold ${contentBytes} bytes`)
  }
  return { end, isSkippable: false, contentBytes }
}

/** Where the last block ends, and the most that all can hold. */
function walkBlocks(bytes: Buffer, start: number): { end: number; mostBytes: number } {
  let at = start
  let mostBytes = 0
  for (let isLast = false; !isLast; ) {
    need(bytes.length - at >= 3)
    const head = bytes.readUIntLE(at, 3)
    const type = (head >>> 1) & 3
    const size = head >>> 3
    if (type === RESERVED_BLOCK || size > MAX_BLOCK_BYTES) throw corruptData('zstd', 'a block that cannot be')
    mostBytes += type === RAW_BLOCK || type === RLE_BLOCK ? size : MAX_BLOCK_BYTES
    at += 3 + (type === RLE_BLOCK ? 1 : size)
    isLast = (head & 1) !== 0
  }
  return { end: at, mostBytes }
}

function readSize(bytes: Buffer, at: number, sizeBytes: number): number {
  if (sizeBytes === 8) return bytes.readUInt32LE(at + 4) * 2 ** 32 + bytes.readUInt32LE(at)
  const size = bytes.readUIntLE(at, sizeBytes)
  return sizeBytes === 2 ? size + 256 : size
}

/** The window descriptor: five bits of exponent, three of mantissa. */
function checkWindow(descriptor: number): void {
  const base = 2 ** (10 + (descriptor >>> 3))
  const window = base + (base / 8) * (descriptor & 7)
  if (window > MAX_WINDOW_BYTES) throw corruptData('zstd', `a window of ${window} bytes is too large`)
}

function need(condition: boolean): void {
  if (!condition) throw corruptData('zstd', 'the bytes end inside a frame')
}

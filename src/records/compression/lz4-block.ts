/**
 * One raw LZ4 block: runs of literals, each followed by a copy from up to 64 KB back. Native when the package loads;
 * else in JavaScript, which only reads (the frame then carries its data uncompressed).
 */
import { lazy, loadOptional } from '../../base/load-native.ts'
import { corruptData } from './codec.ts'
import { copyWithin } from './copy-within.ts'

/** Its blocks have the decompressed length before them, as a little-endian uint32. */
interface NativeLz4 {
  compressSync(bytes: Uint8Array): Buffer
  uncompressSync(bytes: Uint8Array): Buffer
}

const native = lazy(() => loadOptional<NativeLz4>('lz4-napi'))
const LENGTH_BYTES = 4

/** The densest block is one copy whose length grows by 255 with each byte. */
export const MAX_EXPANSION = 255

/** The raw block, or undefined when nothing here can compress. */
export function compressBlock(bytes: Buffer): Buffer | undefined {
  return native()?.compressSync(bytes).subarray(LENGTH_BYTES)
}

/** At most `room` bytes; throws when there is more or the block is bad. */
export function decompressBlock(block: Buffer, room: number): Buffer {
  const lz4 = native()
  if (lz4 === undefined) {
    const out = Buffer.allocUnsafe(room)
    return out.subarray(0, decompressBlockInJs(block, out, 0, 0))
  }
  const sized = Buffer.allocUnsafe(LENGTH_BYTES + block.length)
  sized.writeUInt32LE(room, 0)
  block.copy(sized, LENGTH_BYTES)
  try {
    return lz4.uncompressSync(sized)
  } catch (error) {
    throw corruptData('lz4', error instanceof Error ? error.message : String(error), error)
  }
}

/**
 * Writes into `out` from `outAt` on and returns the position behind. Copies may reach back to `windowStart`: in frames
 * with linked blocks that is before this block.
 */
export function decompressBlockInJs(block: Buffer, out: Buffer, outAt: number, windowStart: number): number {
  const end = block.length
  let from = 0
  let to = outAt
  const longLength = (start: number): number => {
    let length = start
    let byte: number
    do {
      need(from < end)
      byte = block[from++] as number
      length += byte
    } while (byte === 255)
    return length
  }
  while (from < end) {
    const token = block[from++] as number
    const literals = token >>> 4 === 15 ? longLength(15) : token >>> 4
    need(literals <= end - from && literals <= out.length - to)
    block.copy(out, to, from, from + literals)
    from += literals
    to += literals
    // The last sequence has no copy.
    if (from === end) return to
    need(end - from >= 2)
    const distance = (block[from] as number) | ((block[from + 1] as number) << 8)
    from += 2
    const size = (token & 15) === 15 ? longLength(19) : (token & 15) + 4
    need(distance > 0 && distance <= to - windowStart && size <= out.length - to)
    copyWithin(out, to, distance, size)
    to += size
  }
  throw corruptData('lz4', 'a block ends without literals')
}

function need(condition: boolean): void {
  if (!condition) throw corruptData('lz4', 'a block points outside of itself')
}

/**
 * One raw Snappy block: a varint with the decompressed length, then literals and copies. Native when the package loads;
 * else in JavaScript, which reads everything and writes literals only (larger, but every reader takes it).
 */
import { lazy, loadOptional } from '../../base/load-native.ts'
import { VarintReader, writeUnsignedVarint } from '../../base/varint.ts'
import { corruptData, tooLarge } from './codec.ts'
import { copyWithin } from './copy-within.ts'

interface NativeSnappy {
  compressSync(bytes: Uint8Array, options: { copyOutputData: boolean }): Buffer
  uncompressSync(bytes: Uint8Array, options: { copyOutputData: boolean; asBuffer: boolean }): Buffer | string
}

const native = lazy(() => loadOptional<NativeSnappy>('snappy'))

/** Copying the output is five times faster than wrapping foreign memory (reference measurements of the package). */
const COPY = { copyOutputData: true, asBuffer: true }

/** The densest element is a copy of 64 bytes in 3, so a block cannot grow by more than this. */
const MAX_EXPANSION = 22

const MAX_LITERAL_BYTES = 65536

export function compressBlock(bytes: Buffer): Buffer {
  return native()?.compressSync(bytes, COPY) ?? compressBlockLiterally(bytes)
}

/** The length that the block declares, checked against what its bytes can hold, and against `maxBytes`. */
export function declaredLength(block: Buffer, maxBytes: number): number {
  let length: number
  try {
    length = new VarintReader(block).readUnsignedVarint()
  } catch (error) {
    throw corruptData('snappy', 'a block has no length', error)
  }
  if (length > block.length * MAX_EXPANSION)
    throw corruptData('snappy', `a block cannot hold ${length} bytes`)
  if (length > maxBytes) throw tooLarge('snappy', maxBytes)
  return length
}

/** `length` is the block's declared one. */
export function decompressBlock(block: Buffer, length: number): Buffer {
  const snappy = native()
  if (snappy === undefined) return decompressBlockInJs(block, length)
  let out: Buffer | string
  try {
    out = snappy.uncompressSync(block, COPY)
  } catch (error) {
    throw corruptData('snappy', error instanceof Error ? error.message : String(error), error)
  }
  if (typeof out === 'string' || out.length !== length)
    throw corruptData('snappy', 'a block has another length')
  return out
}

export function compressBlockLiterally(bytes: Buffer): Buffer {
  const literals = Math.ceil(bytes.length / MAX_LITERAL_BYTES)
  const out = Buffer.allocUnsafe(5 + bytes.length + 3 * literals)
  let to = writeUnsignedVarint(out, 0, bytes.length)
  for (let from = 0; from < bytes.length; from += MAX_LITERAL_BYTES) {
    const length = Math.min(MAX_LITERAL_BYTES, bytes.length - from)
    out[to] = 61 << 2
    out.writeUInt16LE(length - 1, to + 1)
    bytes.copy(out, to + 3, from, from + length)
    to += 3 + length
  }
  return out.subarray(0, to)
}

export function decompressBlockInJs(block: Buffer, length: number): Buffer {
  const reader = new VarintReader(block)
  reader.readUnsignedVarint()
  const out = Buffer.allocUnsafe(length)
  let from = reader.position
  let to = 0
  while (from < block.length) {
    const tag = block[from++] as number
    const kind = tag & 3
    if (kind === 0) {
      let size = (tag >>> 2) + 1
      if (size > 60) {
        const extra = size - 60
        need(from + extra <= block.length)
        size = block.readUIntLE(from, extra) + 1
        from += extra
      }
      need(size <= block.length - from && size <= length - to)
      block.copy(out, to, from, from + size)
      from += size
      to += size
      continue
    }
    const extra = kind === 3 ? 4 : kind
    need(from + extra <= block.length)
    const size = kind === 1 ? 4 + ((tag >>> 2) & 7) : (tag >>> 2) + 1
    const low = block.readUIntLE(from, extra)
    const distance = kind === 1 ? ((tag >>> 5) << 8) | low : low
    from += extra
    need(distance > 0 && distance <= to && size <= length - to)
    copyWithin(out, to, distance, size)
    to += size
  }
  need(to === length)
  return out
}

function need(condition: boolean): void {
  if (!condition) throw corruptData('snappy', 'a block points outside of itself')
}

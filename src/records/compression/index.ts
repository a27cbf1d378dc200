import { InvalidBatchError } from '../errors.ts'
import type { Codec, CodecId, CodecName, DecompressOptions } from './codec.ts'
import { gzip } from './gzip.ts'
import { lz4 } from './lz4.ts'
import { snappy } from './snappy.ts'
import { zstd } from './zstd.ts'

export type { CodecId, CodecName, DecompressOptions } from './codec.ts'

export const CODEC_NAMES: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/** Undefined for a name that Kafka does not know. */
export function codecIdByName(name: string): CodecId | undefined {
  const id = (CODEC_NAMES as readonly string[]).indexOf(name)
  return id === -1 ? undefined : (id as CodecId)
}

/** Throws InvalidBatchError for the three values that are not assigned. */
export function codecName(id: number): CodecName {
  const name = CODEC_NAMES[id]
  if (name === undefined) throw new InvalidBatchError('corrupt', `unknown compression codec ${id}`)
  return name
}

function codecOf(id: number): Codec | undefined {
  switch (codecName(id)) {
    case 'none':
      return undefined
    case 'gzip':
      return gzip
    case 'snappy':
      return snappy
    case 'lz4':
      return lz4
    case 'zstd':
      return zstd
  }
}

/** The same bytes for codec 0. `level` is the codec's own scale; LZ4 and Snappy have one level here. */
export function compress(codec: number, bytes: Buffer, level?: number): Buffer {
  return codecOf(codec)?.compress(bytes, level) ?? bytes
}

/**
 * At most `maxBytes`, or InvalidBatchError (`too-large`, `corrupt`). The same bytes for codec 0, and the answer may
 * share memory with `bytes` for others.
 */
export function decompress(
  codec: number,
  bytes: Buffer,
  maxBytes: number,
  options?: DecompressOptions,
): Buffer {
  return codecOf(codec)?.decompress(bytes, maxBytes, options) ?? bytes
}

/** From this size on the asynchronous forms leave the event loop, where the codec can; below it a hop costs more. */
const ASYNC_MIN_BYTES = 64 * 1024

export async function compressAsync(codec: number, bytes: Buffer, level?: number): Promise<Buffer> {
  const found = codecOf(codec)
  if (bytes.length < ASYNC_MIN_BYTES || !found?.compressAsync) return compress(codec, bytes, level)
  return found.compressAsync(bytes, level)
}

export async function decompressAsync(codec: number, bytes: Buffer, maxBytes: number): Promise<Buffer> {
  const found = codecOf(codec)
  if (bytes.length < ASYNC_MIN_BYTES || !found?.decompressAsync) return decompress(codec, bytes, maxBytes)
  return found.decompressAsync(bytes, maxBytes)
}

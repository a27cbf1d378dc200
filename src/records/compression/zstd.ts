/**
 * Zstandard by node:zlib where it has it (from 22.15 on), else by the addon of @cloudpss/zstd. A frame may say how much
 * it holds; that is checked first, and both decoders stop at the limit besides.
 */
import zlib from 'node:zlib'
import { lazy, loadOptionalAddon } from '../../base/load-native.ts'
import { type Codec, codecUnavailable, corruptData, joinParts, tooLarge } from './codec.ts'
import { readFrame } from './zstd-frame.ts'

const PACKAGE = '@cloudpss/zstd'
const DEFAULT_LEVEL = 3
/** ZSTD_c_compressionLevel. */
const LEVEL_PARAMETER = 100

interface ZlibOptions {
  readonly maxOutputLength?: number
  readonly params?: Record<number, number>
}
type Callback = (error: Error | null, out: Buffer) => void

/** The part of node:zlib that the types of Node 20 do not know. */
interface ZlibZstd {
  zstdCompressSync?(bytes: Buffer, options: ZlibOptions): Buffer
  zstdDecompressSync?(bytes: Buffer, options: ZlibOptions): Buffer
  zstdCompress?(bytes: Buffer, options: ZlibOptions, done: Callback): void
  zstdDecompress?(bytes: Buffer, options: ZlibOptions, done: Callback): void
}

interface ZstdAddon {
  compress(bytes: Buffer, level: number): Buffer
  /** Gives less than `limit` bytes, or throws. */
  decompress(bytes: Buffer, limit: number): Buffer
}

const addon = lazy(() => loadOptionalAddon<ZstdAddon>(PACKAGE))

const levelOption = (level: number): ZlibOptions => ({ params: { [LEVEL_PARAMETER]: level } })
const limitOption = (maxBytes: number): ZlibOptions => ({ maxOutputLength: Math.max(1, maxBytes) })

function translate(error: unknown, maxBytes: number): Error {
  const message = error instanceof Error ? error.message : String(error)
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_BUFFER_TOO_LARGE' || message === 'Content size is too large')
    return tooLarge('zstd', maxBytes)
  return corruptData('zstd', message, error)
}

/** The frames with data in them, checked from outside. */
function dataFrames(bytes: Buffer, maxBytes: number): Buffer[] {
  const frames: Buffer[] = []
  let declaredBytes = 0
  let at = 0
  do {
    const frame = readFrame(bytes, at)
    declaredBytes += frame.contentBytes ?? 0
    if (declaredBytes > maxBytes) throw tooLarge('zstd', maxBytes)
    if (!frame.isSkippable) frames.push(bytes.subarray(at, frame.end))
    at = frame.end
  } while (at < bytes.length)
  return frames
}

/** Puts the parts together and counts what may still come. */
class Output {
  private readonly maxBytes: number
  private readonly parts: Buffer[] = []
  left: number

  constructor(maxBytes: number) {
    this.maxBytes = maxBytes
    this.left = maxBytes
  }

  add(part: Buffer): void {
    if (part.length > this.left) throw tooLarge('zstd', this.maxBytes)
    this.left -= part.length
    this.parts.push(part)
  }

  join(): Buffer {
    return joinParts(this.parts)
  }
}

/** Made of its parts, so that a test can run it without them. */
export function makeZstd(node: ZlibZstd, loadAddon: () => ZstdAddon | undefined = addon): Codec {
  const { zstdCompress, zstdDecompress, zstdDecompressSync } = node
  const requireAddon = (): ZstdAddon => {
    const found = loadAddon()
    if (found === undefined) throw codecUnavailable('zstd', PACKAGE)
    return found
  }
  const decoder = (): ((frame: Buffer, limit: number) => Buffer) => {
    if (zstdDecompressSync) return (frame, limit) => zstdDecompressSync(frame, limitOption(limit))
    const found = requireAddon()
    return (frame, limit) => found.decompress(frame, limit + 1)
  }
  return {
    compress: (bytes, level = DEFAULT_LEVEL) =>
      node.zstdCompressSync?.(bytes, levelOption(level)) ?? requireAddon().compress(bytes, level),

    decompress(bytes, maxBytes) {
      const frames = dataFrames(bytes, maxBytes)
      const decode = decoder()
      const out = new Output(maxBytes)
      for (const frame of frames) out.add(guard(() => decode(frame, out.left), maxBytes))
      return out.join()
    },

    ...(zstdCompress && {
      compressAsync: (bytes: Buffer, level = DEFAULT_LEVEL) =>
        new Promise<Buffer>((resolve, reject) => {
          zstdCompress(bytes, levelOption(level), (error, out) => (error ? reject(error) : resolve(out)))
        }),
    }),
    ...(zstdDecompress && {
      async decompressAsync(bytes: Buffer, maxBytes: number): Promise<Buffer> {
        const out = new Output(maxBytes)
        for (const frame of dataFrames(bytes, maxBytes)) {
          const part = await new Promise<Buffer>((resolve, reject) => {
            zstdDecompress(frame, limitOption(out.left), (error, plain) =>
              error ? reject(translate(error, maxBytes)) : resolve(plain),
            )
          })
          out.add(part)
        }
        return out.join()
      },
    }),
  }
}

function guard(decode: () => Buffer, maxBytes: number): Buffer {
  try {
    return decode()
  } catch (error) {
    throw translate(error, maxBytes)
  }
}

/** Level -131072 to 22, as `compression.zstd.level`. */
export const zstd: Codec = makeZstd(zlib as ZlibZstd)

/**
 * Zstandard by node:zlib where it has it (from 22.15 on), else by the addon of @cloudpss/zstd. A frame may say how much
 * it holds; that is checked first, and both decoders stop at the limit besides.
 */
import zlib from 'node:zlib'
import { lazy, loadOptionalAddon } from '../../base/load-native.ts'
import { type Codec, codecUnavailable, corruptData, tooLarge } from './codec.ts'

const PACKAGE = '@cloudpss/zstd'
const DEFAULT_LEVEL = 3
const MAGIC = 0xfd2fb528
const MAX_BLOCK_BYTES = 128 * 1024
/** The decoder's own default, ZSTD_WINDOWLOG_LIMIT_DEFAULT, which Kafka leaves as it is. */
const MAX_WINDOW_BYTES = 2 ** 27
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

function checkedLength(out: Buffer, maxBytes: number): Buffer {
  if (out.length > maxBytes) throw tooLarge('zstd', maxBytes)
  return out
}

/** Made of its parts, so that a test can run it without them. */
export function makeZstd(node: ZlibZstd, loadAddon: () => ZstdAddon | undefined = addon): Codec {
  const { zstdCompress, zstdDecompress } = node
  const requireAddon = (): ZstdAddon => {
    const found = loadAddon()
    if (found === undefined) throw codecUnavailable('zstd', PACKAGE)
    return found
  }
  return {
    compress: (bytes, level = DEFAULT_LEVEL) =>
      node.zstdCompressSync?.(bytes, levelOption(level)) ?? requireAddon().compress(bytes, level),

    decompress(bytes, maxBytes) {
      checkDeclaredSize(bytes, maxBytes)
      const decoder = node.zstdDecompressSync === undefined ? requireAddon() : undefined
      try {
        const out =
          decoder?.decompress(bytes, maxBytes + 1) ?? node.zstdDecompressSync?.(bytes, limitOption(maxBytes))
        return checkedLength(out ?? Buffer.alloc(0), maxBytes)
      } catch (error) {
        throw translate(error, maxBytes)
      }
    },

    ...(zstdCompress && {
      compressAsync: (bytes: Buffer, level = DEFAULT_LEVEL) =>
        new Promise<Buffer>((resolve, reject) => {
          zstdCompress(bytes, levelOption(level), (error, out) => (error ? reject(error) : resolve(out)))
        }),
    }),
    ...(zstdDecompress && {
      decompressAsync: (bytes: Buffer, maxBytes: number) =>
        new Promise<Buffer>((resolve, reject) => {
          checkDeclaredSize(bytes, maxBytes)
          zstdDecompress(bytes, limitOption(maxBytes), (error, out) => {
            if (error) reject(translate(error, maxBytes))
            else if (out.length > maxBytes) reject(tooLarge('zstd', maxBytes))
            else resolve(out)
          })
        }),
    }),
  }
}

/** Level -131072 to 22, as `compression.zstd.level`. */
export const zstd: Codec = makeZstd(zlib as ZlibZstd)

/**
 * Refuses a first frame that claims more than `maxBytes`, or more than its own bytes can become, or that needs a larger
 * window than Kafka's decoder grants.
 */
function checkDeclaredSize(bytes: Buffer, maxBytes: number): void {
  if (bytes.length < 6) throw corruptData('zstd', 'the bytes end inside the frame header')
  if (bytes.readUInt32LE(0) !== MAGIC) return
  const descriptor = bytes[4] as number
  const isSingleSegment = (descriptor & 0x20) !== 0
  if (!isSingleSegment) checkWindow(bytes[5] as number)
  const sizeBytes = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >>> 6] as number
  if (sizeBytes === 0) return
  const at = 5 + (isSingleSegment ? 0 : 1) + ([0, 1, 2, 4][descriptor & 3] as number)
  if (at + sizeBytes > bytes.length) throw corruptData('zstd', 'the bytes end inside the frame header')
  const low = bytes.readUIntLE(at, Math.min(4, sizeBytes))
  const declared =
    sizeBytes === 8 ? bytes.readUInt32LE(at + 4) * 2 ** 32 + low : sizeBytes === 2 ? low + 256 : low
  if (declared > maxBytes) throw tooLarge('zstd', maxBytes)
  // Every block has a head of three bytes and holds at most 128 KB.
  if (declared > Math.ceil(bytes.length / 3) * MAX_BLOCK_BYTES)
    throw corruptData('zstd', 'a false content size')
}

/** The window descriptor: five bits of exponent, three of mantissa. */
function checkWindow(descriptor: number): void {
  const base = 2 ** (10 + (descriptor >>> 3))
  const window = base + (base / 8) * (descriptor & 7)
  if (window > MAX_WINDOW_BYTES) throw corruptData('zstd', `a window of ${window} bytes is too large`)
}

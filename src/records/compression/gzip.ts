import zlib from 'node:zlib'
import { type Codec, corruptData, tooLarge } from './codec.ts'

/** Bigger steps than Node's 16 KB: a produced batch then comes out in one or two of them. */
const CHUNK_BYTES = 64 * 1024

function translate(error: unknown, maxBytes: number): Error {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ERR_BUFFER_TOO_LARGE') return tooLarge('gzip', maxBytes)
  return corruptData('gzip', error instanceof Error ? error.message : String(error), error)
}

/** zlib takes no limit of 0, and stops only once it is over the limit: `maxOutputLength` itself is still allowed. */
function limits(maxBytes: number): zlib.ZlibOptions {
  return { maxOutputLength: Math.max(1, maxBytes), chunkSize: CHUNK_BYTES }
}

function checked(bytes: Buffer, maxBytes: number): Buffer {
  if (bytes.length > maxBytes) throw tooLarge('gzip', maxBytes)
  return bytes
}

/** Level -1 (zlib's own default, 6) or 1 to 9, as `compression.gzip.level`. */
export const gzip: Codec = {
  compress: (bytes, level = -1) => zlib.gzipSync(bytes, { level, chunkSize: CHUNK_BYTES }),
  decompress(bytes, maxBytes) {
    let out: Buffer
    try {
      out = zlib.gunzipSync(bytes, limits(maxBytes))
    } catch (error) {
      throw translate(error, maxBytes)
    }
    return checked(out, maxBytes)
  },
  compressAsync: (bytes, level = -1) =>
    new Promise((resolve, reject) => {
      zlib.gzip(bytes, { level, chunkSize: CHUNK_BYTES }, (error, out) =>
        error ? reject(error) : resolve(out),
      )
    }),
  decompressAsync: (bytes, maxBytes) =>
    new Promise((resolve, reject) => {
      zlib.gunzip(bytes, limits(maxBytes), (error, out) => {
        if (error) reject(translate(error, maxBytes))
        else if (out.length > maxBytes) reject(tooLarge('gzip', maxBytes))
        else resolve(out)
      })
    }),
}

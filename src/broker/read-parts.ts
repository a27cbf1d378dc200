import { isFileRange, type Part } from '../base/network.ts'

/** What was read from a log as one buffer; the file ranges are released. */
export async function bytesOf(parts: readonly Part[]): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  try {
    for (const part of parts) {
      if (!isFileRange(part)) pieces.push(part)
      else {
        const bytes = Buffer.allocUnsafe(part.length)
        let filled = 0
        while (filled < bytes.length) {
          const count = await part.file.read(bytes, filled, bytes.length - filled, part.position + filled)
          if (count === 0) break
          filled += count
        }
        pieces.push(bytes.subarray(0, filled))
      }
    }
  } finally {
    for (const part of parts) if (isFileRange(part)) part.release()
  }
  return Buffer.concat(pieces)
}

import { lazy, loadOptional } from './load-native.ts'

/** Below this the call into native code costs more than the table does (measured: equal at about 200 bytes). */
const NATIVE_MIN_BYTES = 256

interface NativeCrc {
  crc32c(bytes: Uint8Array, seed?: number): number
}

const native = lazy(() => loadOptional<NativeCrc>('@node-rs/crc32')?.crc32c)

/** CRC-32C (Castagnoli) as an unsigned number. `seed` is the checksum of what came before, for checksums in pieces. */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  if (bytes.length < NATIVE_MIN_BYTES) return crc32cTable(bytes, seed)
  return native()?.(bytes, seed) ?? crc32cTable(bytes, seed)
}

/** Eight tables of 256 in one array: table k gives the effect of a byte that is followed by k zero bytes. */
const tables = lazy(() => {
  const table = new Int32Array(8 * 256)
  for (let i = 0; i < 256; i++) {
    let crc = i
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    table[i] = crc
  }
  for (let i = 256; i < table.length; i++) {
    const previous = table[i - 256] as number
    table[i] = (previous >>> 8) ^ (table[previous & 0xff] as number)
  }
  return table
})

/** The same in plain JavaScript: eight bytes a step (slicing-by-8). */
export function crc32cTable(bytes: Uint8Array, seed = 0): number {
  const t = tables()
  const end = bytes.length
  const stepped = end - (end & 7)
  let crc = ~seed
  let i = 0
  for (; i < stepped; i += 8) {
    const low =
      crc ^
      ((bytes[i] as number) |
        ((bytes[i + 1] as number) << 8) |
        ((bytes[i + 2] as number) << 16) |
        ((bytes[i + 3] as number) << 24))
    crc =
      (t[1792 + (low & 0xff)] as number) ^
      (t[1536 + ((low >>> 8) & 0xff)] as number) ^
      (t[1280 + ((low >>> 16) & 0xff)] as number) ^
      (t[1024 + (low >>> 24)] as number) ^
      (t[768 + (bytes[i + 4] as number)] as number) ^
      (t[512 + (bytes[i + 5] as number)] as number) ^
      (t[256 + (bytes[i + 6] as number)] as number) ^
      (t[bytes[i + 7] as number] as number)
  }
  for (; i < end; i++) crc = (crc >>> 8) ^ (t[(crc ^ (bytes[i] as number)) & 0xff] as number)
  return ~crc >>> 0
}

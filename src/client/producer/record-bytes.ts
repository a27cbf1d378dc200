import { sizeOfVarint } from '../../base/varint.ts'
import { type HeaderInput, headerKeySize } from '../../records/index.ts'

/** What a key or value takes in a record, its length included. */
export function sizeOf(bytes: Uint8Array | null): number {
  return bytes === null ? 1 : sizeOfVarint(bytes.length) + bytes.length
}

export function sizeOfHeaders(headers: readonly HeaderInput[]): number {
  let size = sizeOfVarint(headers.length)
  for (const header of headers) {
    const keySize = headerKeySize(header)
    size += sizeOfVarint(keySize) + keySize + sizeOf(header.value)
  }
  return size
}

export function toBytes(value: Uint8Array | string | null | undefined): Uint8Array | null {
  if (value === null || value === undefined) return null
  return typeof value === 'string' ? Buffer.from(value, 'utf8') : value
}

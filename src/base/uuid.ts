import type { Random } from './random.ts'

/**
 * Kafka's Uuid: 16 bytes, written as 22 characters of URL-safe base64 without padding
 * (org.apache.kafka.common.Uuid). We keep the text form everywhere.
 */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA'
/** The topic id of the metadata topic; never given out. */
const ONE_UUID = 'AAAAAAAAAAAAAAAAAAAAAQ'

export function uuidFromBytes(bytes: Uint8Array, at = 0): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + at, 16).toString('base64url')
}

/** A version 4 uuid. Kafka never gives out the reserved two, nor one that starts with a dash (awkward on a command line). */
export function randomUuid(random: Random): string {
  for (;;) {
    const bytes = random.bytes(16)
    bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
    bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
    const text = uuidFromBytes(bytes)
    if (text !== ZERO_UUID && text !== ONE_UUID && !text.startsWith('-')) return text
  }
}

import type { Random } from '../../../base/random.ts'

/** The value of the record with this number, counted from 0. */
export type Payloads = (index: number) => Uint8Array

const POOL_BYTES = 1 << 20
const MAX_POOL_PAYLOADS = 16_384

/**
 * Random capital letters, as Kafka's test sends them. They are stretches of one random text, cut beforehand: making each
 * letter of each record would take longer than sending it.
 */
export function randomPayloads(random: Random, sizeBytes: number): Payloads {
  const pool = Buffer.alloc(POOL_BYTES + sizeBytes)
  for (let i = 0; i < pool.length; i++) pool[i] = 65 + random.int(26)
  const cuts = Array.from({ length: MAX_POOL_PAYLOADS }, () => {
    const at = random.int(POOL_BYTES)
    return pool.subarray(at, at + sizeBytes)
  })
  return (index) => cuts[index % MAX_POOL_PAYLOADS] as Uint8Array
}

/** One of these at random. */
export function payloadsOf(random: Random, values: readonly Uint8Array[]): Payloads {
  return () => values[random.int(values.length)] as Uint8Array
}

/** The numbers themselves. */
export const numberPayloads: Payloads = (index) => Buffer.from(String(index))

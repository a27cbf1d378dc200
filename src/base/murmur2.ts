const SEED = 0x9747b28c
const M = 0x5bd1e995

/** The hash of Kafka's default partitioner, a signed 32-bit number (org.apache.kafka.common.utils.Utils.murmur2). */
export function murmur2(bytes: Uint8Array): number {
  const length = bytes.length
  let h = SEED ^ length
  const stepped = length - (length & 3)
  for (let i = 0; i < stepped; i += 4) {
    let k =
      (bytes[i] as number) |
      ((bytes[i + 1] as number) << 8) |
      ((bytes[i + 2] as number) << 16) |
      ((bytes[i + 3] as number) << 24)
    k = Math.imul(k, M)
    k ^= k >>> 24
    h = Math.imul(h, M) ^ Math.imul(k, M)
  }
  const left = length & 3
  if (left === 3) h ^= (bytes[stepped + 2] as number) << 16
  if (left >= 2) h ^= (bytes[stepped + 1] as number) << 8
  if (left >= 1) h = Math.imul(h ^ (bytes[stepped] as number), M)
  h ^= h >>> 13
  h = Math.imul(h, M)
  return h ^ (h >>> 15)
}

/** The partition that every Kafka client chooses for a key: murmur2, made positive, modulo the number of partitions. */
export function partitionForKey(key: Uint8Array, partitionCount: number): number {
  return (murmur2(key) & 0x7fffffff) % partitionCount
}

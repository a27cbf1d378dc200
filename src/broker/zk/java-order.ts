import { javaHash } from '../../base/java-hash.ts'

/**
 * The orders in which Scala's and Java's hash maps hand out their keys. Kafka writes its znodes from such maps; to write
 * the same bytes we have to go through the keys in the same order.
 */

interface Keyed {
  readonly key: string
  readonly hash: number
}

/** scala.collection.mutable.HashMap, filled from empty: 16 buckets that double at three quarters, sorted by hash within. */
export function scalaMutableOrder(keys: readonly string[]): string[] {
  let buckets = 16
  while (keys.length >= buckets * 0.75) buckets *= 2
  const mask = buckets - 1
  const entries = keys.map((key, at) => {
    const code = javaHash(key)
    return { key, at, hash: code ^ (code >>> 16) }
  })
  entries.sort((a, b) => (a.hash & mask) - (b.hash & mask) || a.hash - b.hash || a.at - b.at)
  return entries.map((entry) => entry.key)
}

/** scala.collection.immutable.Map: up to four keys as inserted, more in the order of a CHAMP trie. */
export function scalaImmutableOrder(keys: readonly string[]): string[] {
  if (keys.length <= 4) return [...keys]
  const entries = keys.map((key) => {
    let hash = javaHash(key)
    hash = (hash + ~(hash << 9)) | 0
    hash ^= hash >>> 14
    hash = (hash + (hash << 4)) | 0
    return { key, hash: hash ^ (hash >>> 10) }
  })
  return trieOrder(entries, 0)
}

function trieOrder(entries: readonly Keyed[], shift: number): string[] {
  if (shift >= 32) return entries.map((entry) => entry.key)
  const slots = new Map<number, Keyed[]>()
  for (const entry of entries) {
    const slot = (entry.hash >>> shift) & 31
    const there = slots.get(slot)
    if (there === undefined) slots.set(slot, [entry])
    else there.push(entry)
  }
  const inOrder = [...slots].sort(([a], [b]) => a - b).map(([, group]) => group)
  const single = inOrder.filter((group) => group.length === 1)
  const shared = inOrder.filter((group) => group.length > 1)
  return [
    ...single.flatMap((group) => group.map((entry) => entry.key)),
    ...shared.flatMap((group) => trieOrder(group, shift + 5)),
  ]
}

/** java.util.Properties, which is a ConcurrentHashMap of 16 bins that doubles at three quarters. */
export function javaPropertiesOrder(keys: readonly string[]): string[] {
  let bins: Keyed[][] = Array.from({ length: 16 }, () => [])
  let size = 0
  for (const key of keys) {
    const code = javaHash(key)
    const entry = { key, hash: (code ^ (code >>> 16)) & 0x7fffffff }
    bins[entry.hash & (bins.length - 1)]?.push(entry)
    size++
    if (size >= bins.length * 0.75) bins = doubled(bins)
  }
  return bins.flatMap((bin) => bin.map((entry) => entry.key))
}

/** ConcurrentHashMap.transfer: the last run of nodes that stay together keeps its order, those before it are reversed. */
function doubled(bins: readonly Keyed[][]): Keyed[][] {
  const bit = bins.length
  const result: Keyed[][] = Array.from({ length: bit * 2 }, () => [])
  bins.forEach((bin, at) => {
    let lastRun = 0
    bin.forEach((entry, index) => {
      const before = bin[index - 1]
      if (before !== undefined && (entry.hash & bit) !== (before.hash & bit)) lastRun = index
    })
    const place = (entry: Keyed) => result[(entry.hash & bit) === 0 ? at : at + bit]
    for (const entry of bin.slice(lastRun)) place(entry)?.push(entry)
    for (const entry of bin.slice(0, lastRun)) place(entry)?.unshift(entry)
  })
  return result
}

import { isCrcValid } from '../../src/records/index.ts'
import { type History, short } from './history.ts'
import { SendingOrder } from './sending-order.ts'
import { recordsOf, type StoredLog, type StoredRecord, type StoredReplica } from './stored-log.ts'

/** Keys that tombstones are sent for. */
export const MORTAL_KEY = 't'

export interface CompactionRules {
  /** Tombstones are not dropped in the time that a history has. */
  readonly retainsTombstones: boolean
}

/** What is left of a replica's log. */
interface Remains {
  readonly host: string
  readonly byOffset: ReadonlyMap<number, StoredRecord>
  /** Key → its newest record. */
  readonly newest: ReadonlyMap<string, StoredRecord>
  /** Behind its last record. */
  readonly end: number
}

/**
 * Each replica is compacted by itself, so they have different records, but never another one at an offset, nor another
 * newest one of a key. What was acknowledged or read is there, or something newer of its key.
 */
export function checkCompacted(
  place: string,
  replicas: readonly StoredReplica[],
  rules: CompactionRules,
  history: History,
  violation: (what: string) => void,
): void {
  const remains = replicas.map(({ host, log }) => remainsOf(place, host, log, violation))
  for (const each of remains) checkPromises(place, each, rules, history, violation)
  // What was written in the moment that everybody stopped (that a group is empty, say) need not be everywhere.
  const end = Math.min(...remains.map((each) => each.end))
  const [first, ...others] = remains
  if (first === undefined) return
  for (const other of others) {
    for (const [offset, record] of first.byOffset) {
      const found = other.byOffset.get(offset)
      if (found === undefined || (found.key === record.key && found.value === record.value)) continue
      violation(`${place} offset ${offset} differs between ${first.host} and ${other.host}`)
      break
    }
    for (const key of new Set([...first.newest.keys(), ...other.newest.keys()])) {
      const [a, b] = [first.newest.get(key), other.newest.get(key)]
      if (a?.offset === b?.offset || mayBeGone(key, rules)) continue
      if (Math.max(a?.offset ?? -1, b?.offset ?? -1) >= end) continue
      violation(
        `${place}: the newest of ${key} is at ${a?.offset} on ${first.host} and at ${b?.offset} on ${other.host}`,
      )
      break
    }
  }
}

/** A replica that was away when a tombstone was dropped keeps what the tombstone deleted, in Kafka too. */
function mayBeGone(key: string, { retainsTombstones }: CompactionRules): boolean {
  return !retainsTombstones && key.startsWith(MORTAL_KEY)
}

function remainsOf(
  place: string,
  host: string,
  { batches }: StoredLog,
  violation: (what: string) => void,
): Remains {
  const byOffset = new Map<number, StoredRecord>()
  const newest = new Map<string, StoredRecord>()
  const order = new SendingOrder(`${place} on ${host}`, violation)
  let due = 0
  for (const batch of batches) {
    const { base, last, bytes } = batch
    if (base < due) violation(`${place} on ${host}: a batch begins at ${base} behind ${due - 1}`)
    if (!isCrcValid(bytes, 0)) violation(`${place} on ${host}: the batch at ${base} has a wrong checksum`)
    due = last + 1
    for (const record of recordsOf(batch)) {
      byOffset.set(record.offset, record)
      newest.set(record.key, record)
      order.next(record.offset, record.value)
    }
  }
  return { host, byOffset, newest, end: due }
}

function checkPromises(
  place: string,
  { host, byOffset, newest }: Remains,
  rules: CompactionRules,
  history: History,
  violation: (what: string) => void,
): void {
  for (const { place: where, offset, key, value } of history.acknowledged) {
    if (where !== place || offset < 0) continue
    const found = byOffset.get(offset)
    if (found !== undefined ? found.key === key && found.value === value : mayBeGone(key, rules)) continue
    if (found === undefined && (newest.get(key)?.offset ?? -1) > offset) continue
    const text = found === undefined ? 'lost, with nothing newer of its key' : short(found.value)
    violation(`${place} on ${host}: ${key} ${short(value)} was acknowledged at ${offset} and is ${text}`)
    break
  }
  for (const [offset, value] of history.reads.get(place) ?? []) {
    const found = byOffset.get(offset)
    if (found === undefined || found.value === value) continue
    violation(
      `${place} on ${host}: offset ${offset} was read as ${short(value)} and is ${short(found.value)}`,
    )
    break
  }
}

import { expect } from 'vitest'
import { readInt64 } from '../../../src/base/int64.ts'
import type { Logger } from '../../../src/base/logger.ts'
import * as batch from '../../../src/records/index.ts'
import { type Log, offsetOfFileName } from '../../../src/storage/index.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import type { MemoryFileSystem } from '../../support/memory-file-system.ts'
import { batchOf, readRaw, TOPIC_ID } from '../support.ts'
import { type Ledger, openManager, PRODUCER_ID, type Settings } from './world.ts'

/** `expect` for what is asked a hundred thousand times. */
function must(isTrue: boolean, message: () => string): void {
  if (!isTrue) throw new Error(message())
}

export interface Content {
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly highWatermark: number
  readonly values: ReadonlyMap<number, string>
  /** By epoch: where its first batch begins, and its last one ends. */
  readonly epochs: ReadonlyMap<number, { readonly start: number; readonly end: number }>
}

/** Every record of an open log, read batch by batch as fetches read them; every batch must be whole and its CRC right. */
export async function contentOf(log: Log): Promise<Content> {
  const values = new Map<number, string>()
  const epochs = new Map<number, { start: number; end: number }>()
  for (let at = log.logStartOffset; at < log.logEndOffset; ) {
    const bytes = await readRaw(log, at, { maxBytes: 1 })
    // After a power failure nothing may be left between a segment that lost its end and the empty one behind it.
    if (bytes.length === 0) break
    must(batch.nextBatch(bytes, 0, bytes.length) > 0, () => `no whole batch at offset ${at}`)
    must(batch.isCrcValid(bytes, 0), () => `a wrong checksum at offset ${at}`)
    must(batch.lastOffset(bytes, 0) >= at, () => `the read at offset ${at} gave an earlier batch`)
    const epoch = batch.partitionLeaderEpoch(bytes, 0)
    const start = epochs.get(epoch)?.start ?? batch.baseOffset(bytes, 0)
    epochs.set(epoch, { start, end: batch.lastOffset(bytes, 0) + 1 })
    for (const record of batch.isControl(bytes, 0) ? [] : batch.readRecords(bytes, 0)) {
      if (record.offset >= at) values.set(record.offset, String(record.value))
    }
    at = batch.lastOffset(bytes, 0) + 1
  }
  const { logStartOffset, logEndOffset, highWatermark } = log
  return { logStartOffset, logEndOffset, highWatermark, values, epochs }
}

/** What the next start makes of the files that a crash left: see the single checks. */
export async function checkImage(
  fs: MemoryFileSystem,
  settings: Settings,
  ledger: Ledger,
  promisedTo: number,
): Promise<void> {
  const manager = await openManager(fs, settings)
  const found = manager.getLog('t', 0)
  if (found === undefined) {
    const isEmpty = ledger.acknowledged.size === 0 || promisedTo === 0
    expect(isEmpty, 'the partition is gone').toBe(true)
    await manager.shutdown()
    return
  }
  const log = manager.getOrCreateLog('t', 0, { topicId: TOPIC_ID })
  await log.open()
  const content = await contentOf(log)
  checkRecords(content, ledger, promisedTo)
  checkEpochs(log, content)
  await checkTimestamps(log, content)
  await checkTransactions(log)
  await checkProducer(log)
  const after = await contentOf(log)
  await manager.shutdown()
  expect(fs.openFiles, 'open files after the end').toEqual([])
  checkFiles(fs, `${log.logDir}/t-0`)
  await checkCleanRestart(fs, settings, after)
}

/** Nothing promised is lost, nothing is there that was never written, nothing is there twice. */
function checkRecords(content: Content, ledger: Ledger, promisedTo: number): void {
  const { logStartOffset, logEndOffset, highWatermark, values } = content
  // The first segment may be lost when nothing of the log was ever synced.
  if (promisedTo > 0) expect(logStartOffset, 'log start').toBeLessThanOrEqual(ledger.highestStart)
  expect(highWatermark, 'high watermark').toBeLessThanOrEqual(logEndOffset)
  expect(highWatermark, 'high watermark').toBeGreaterThanOrEqual(logStartOffset)
  // What is about to be deleted may come back after a power failure, in parts.
  const promisedFrom = Number.isFinite(promisedTo) ? ledger.highestStart : logStartOffset
  for (const [offset, value] of ledger.acknowledged) {
    const isPromised = offset >= promisedFrom && offset < promisedTo
    const found = values.get(offset)
    must(
      !isPromised || found === value,
      () => `'${value}' was acknowledged at offset ${offset}, now ${found}`,
    )
  }
  for (const [offset, value] of values) {
    const isKnown = ledger.attempted.get(offset)?.has(value) === true
    must(isKnown, () => `'${value}' at offset ${offset} was never to be there`)
  }
  expect(new Set(values.values()).size, 'different records').toBe(values.size)
}

/** KIP-101 depends on it: where an epoch ends is where the next one has its first batch. */
function checkEpochs(log: Log, { epochs, logEndOffset }: Content): void {
  const found = [...epochs]
  const numbers = found.map(([epoch]) => epoch)
  expect(numbers, 'epochs rise').toEqual(numbers.toSorted((a, b) => a - b))
  for (const [i, [epoch, { end }]] of found.entries()) {
    const next = found[i + 1]?.[1].start ?? logEndOffset
    const known = log.endOffsetForEpoch(epoch)
    expect(known.epoch, `epoch ${epoch} is known`).toBe(epoch)
    expect(known.endOffset, `the end of epoch ${epoch}`).toBeGreaterThanOrEqual(end)
    expect(known.endOffset, `the end of epoch ${epoch}`).toBeLessThanOrEqual(next)
  }
}

async function checkTimestamps(log: Log, { values }: Content): Promise<void> {
  // Every batch has the time of its first offset: see World.send.
  const offsets = [...values.keys()]
  const middle = offsets[offsets.length >> 1]
  if (middle === undefined) return
  const found = await log.offsetForTimestamp(1_700_000_000_000 + middle)
  if (found !== null) expect(found.offset, 'by time').toBeGreaterThanOrEqual(middle)
}

/** Readers of committed records hear of every aborted transaction, and see nothing of the open ones. */
async function checkTransactions(log: Log): Promise<void> {
  const open = new Map<number, number>()
  const aborted: string[] = []
  const batches = await batchesOf(log)
  if (!batches.some((bytes) => batch.isTransactional(bytes, 0))) return
  let nextOffset = log.logStartOffset
  for (const bytes of batches) {
    // In a hole there may have been anything.
    if (batch.baseOffset(bytes, 0) !== nextOffset) return
    nextOffset = batch.lastOffset(bytes, 0) + 1
    if (!batch.isTransactional(bytes, 0)) continue
    const producerId = batch.producerId(bytes, 0)
    const firstOffset = open.get(producerId)
    if (!batch.isControl(bytes, 0)) open.set(producerId, firstOffset ?? batch.baseOffset(bytes, 0))
    else {
      const [record] = batch.readRecords(bytes, 0)
      const isAbort = record !== undefined && batch.readControlRecord(record).type === batch.ABORT_MARKER
      if (isAbort && firstOffset !== undefined) aborted.push(`${producerId} from ${firstOffset}`)
      open.delete(producerId)
    }
  }
  if (nextOffset !== log.logEndOffset) return
  log.updateHighWatermark(nextOffset)
  expect(log.lastStableOffset, 'last stable offset').toBe(Math.min(nextOffset, ...open.values()))
  const heard = new Set<string>()
  for (let at = log.logStartOffset; at < log.lastStableOffset; at++) {
    const result = await log.read(at, {
      maxBytes: 1,
      upperBoundOffset: log.lastStableOffset,
      minOneMessage: true,
      includeAbortedTransactions: true,
    })
    for (const part of result.parts) if (!(part instanceof Uint8Array)) part.release()
    for (const txn of result.abortedTransactions ?? []) heard.add(`${txn.producerId} from ${txn.firstOffset}`)
  }
  const stable = aborted.filter((txn) => Number(txn.split(' ').at(-1)) < log.lastStableOffset)
  expect([...heard].sort(), 'aborted transactions').toEqual(stable.sort())
}

async function batchesOf(log: Log): Promise<Buffer[]> {
  const batches: Buffer[] = []
  for (let at = log.logStartOffset; at < log.logEndOffset; ) {
    const bytes = await readRaw(log, at, { maxBytes: 1 })
    if (bytes.length === 0) break
    batches.push(bytes)
    at = batch.lastOffset(bytes, 0) + 1
  }
  return batches
}

/** A repeated batch is recognised, the next one is taken, and one that leaves a gap is refused. */
async function checkProducer(log: Log): Promise<void> {
  const last = await lastProducerBatch(log)
  const options = { leaderEpoch: 99, origin: 'client' } as const
  const make = (values: string[], baseSequence: number) =>
    batchOf(values, {
      producerId: PRODUCER_ID,
      producerEpoch: 0,
      baseSequence,
      timestampMs: 1_700_000_000_000,
    })
  if (last !== undefined) {
    const again = await log.appendAsLeader(make(last.values, last.baseSequence), options)
    expect(again, 'the last batch sent again').toMatchObject({
      duplicate: true,
      firstOffset: last.baseOffset,
    })
    const gap = log.appendAsLeader(make(['gap'], last.lastSequence + 5), options)
    await expect(gap, 'a gap').rejects.toMatchObject({ errorName: 'OUT_OF_ORDER_SEQUENCE_NUMBER' })
  }
  const before = log.logEndOffset
  // The producer outlives its records.
  const known = (await log.activeProducers()).find(({ producerId }) => producerId === PRODUCER_ID)
  const lastSequence = last?.lastSequence ?? known?.lastSequence ?? -1
  expect(known?.lastSequence ?? -1, 'the last sequence').toBe(lastSequence)
  const next = await log.appendAsLeader(make(['next'], lastSequence + 1), options)
  expect(next, 'the next batch').toMatchObject({ duplicate: false, firstOffset: before })
}

/** Undefined when another one's batch is the last, or a power failure left a hole behind it. */
async function lastProducerBatch(log: Log) {
  const bytes = (await batchesOf(log)).at(-1)
  if (bytes === undefined || batch.lastOffset(bytes, 0) !== log.logEndOffset - 1) return undefined
  if (batch.producerId(bytes, 0) !== PRODUCER_ID) return undefined
  return {
    baseOffset: batch.baseOffset(bytes, 0),
    baseSequence: batch.baseSequence(bytes, 0),
    lastSequence: batch.lastSequence(bytes, 0),
    values: [...batch.readRecords(bytes, 0)].map((record) => String(record.value)),
  }
}

/** Indexes and snapshots agree with the .log beside them, and nothing is left over. */
export function checkFiles(fs: MemoryFileSystem, dir: string): void {
  const names = fs.existsSync(dir) ? fs.readdirSync(dir) : []
  const segments = names.filter((name) => name.endsWith('.log')).sort()
  for (const name of names) {
    const isKnown =
      /^\d{20}\.(log|index|timeindex|txnindex|snapshot)$/.test(name) ||
      ['leader-epoch-checkpoint', 'partition.metadata'].includes(name)
    must(isKnown, () => `${name} is left over`)
    const isIndex = /\.(index|timeindex|txnindex)$/.test(name)
    must(!isIndex || segments.includes(`${name.slice(0, 20)}.log`), () => `${name} has no segment`)
  }
  let nextOffset = -1
  for (const name of segments) {
    const baseOffset = offsetOfFileName(name) ?? -1
    const bytes = fs.readFileSync(`${dir}/${name}`)
    const starts = [...batch.batchStarts(bytes)]
    const lastByPosition = new Map(starts.map((at) => [at, batch.lastOffset(bytes, at)]))
    must(baseOffset >= nextOffset, () => `${name} begins before the end of the one before`)
    const whole = starts.reduce((sum, at) => sum + batch.batchSizeBytes(bytes, at), 0)
    must(whole === bytes.length, () => `${name} ends with no whole batch`)
    checkOffsetIndex(fs, dir, baseOffset, name, lastByPosition)
    checkTimeIndex(fs, dir, baseOffset, name, bytes, starts)
    nextOffset = Math.max(nextOffset, baseOffset, ...[...lastByPosition.values()].map((last) => last + 1))
  }
}

/** One that is missing is built when the segment is first read. */
function indexBytes(fs: MemoryFileSystem, dir: string, name: string, suffix: string): Buffer {
  const path = `${dir}/${name.slice(0, 20)}${suffix}`
  return fs.existsSync(path) ? fs.readFileSync(path) : Buffer.alloc(0)
}

function checkOffsetIndex(
  fs: MemoryFileSystem,
  dir: string,
  baseOffset: number,
  name: string,
  lastByPosition: ReadonlyMap<number, number>,
): void {
  const index = indexBytes(fs, dir, name, '.index')
  expect(index.length % 8, `${name}: whole index entries`).toBe(0)
  let before = -1
  for (let at = 0; at < index.length; at += 8) {
    const offset = baseOffset + index.readInt32BE(at)
    must(offset > before, () => `${name}: index entries do not rise`)
    const last = lastByPosition.get(index.readInt32BE(at + 4))
    must(last === offset, () => `${name}: index entry ${at / 8} says ${offset}, not ${last}`)
    before = offset
  }
}

function checkTimeIndex(
  fs: MemoryFileSystem,
  dir: string,
  baseOffset: number,
  name: string,
  bytes: Buffer,
  starts: readonly number[],
): void {
  const index = indexBytes(fs, dir, name, '.timeindex')
  expect(index.length % 12, `${name}: whole time index entries`).toBe(0)
  for (let at = 0; at < index.length; at += 12) {
    const timestamp = readInt64(index, at)
    const offset = baseOffset + index.readInt32BE(at + 8)
    const largest = Math.max(
      ...starts.filter((b) => batch.lastOffset(bytes, b) <= offset).map((b) => batch.maxTimestamp(bytes, b)),
    )
    must(
      largest === timestamp,
      () => `${name}: time index entry ${at / 12} says ${timestamp}, not ${largest}`,
    )
  }
}

/** Another start and end changes nothing and has nothing to say. */
async function checkCleanRestart(fs: MemoryFileSystem, settings: Settings, before: Content): Promise<void> {
  const image = withLastSnapshot(filesOf(fs))
  const logged: string[] = []
  const note = (message: string) => {
    logged.push(message)
  }
  const logger: Logger = { debug: note, info: note, warn: note, error: note }
  const manager = await openManager(fs, settings, new ManualClock(), logger)
  const log = manager.getOrCreateLog('t', 0, { topicId: TOPIC_ID })
  await log.open()
  const again = await contentOf(log)
  await manager.shutdown()
  expect(again).toEqual(before)
  expect(logged, 'said at a clean restart').toEqual([])
  expect(withLastSnapshot(filesOf(fs))).toEqual(image)
}

/** The next start may remove the snapshots that recovery took on its way, as Kafka's does: only the last one counts. */
function withLastSnapshot(files: Record<string, string>): Record<string, string> {
  const last = Object.keys(files).findLast((name) => name.endsWith('.snapshot'))
  const isKept = ([name]: [string, string]) => name === last || !name.endsWith('.snapshot')
  return Object.fromEntries(Object.entries(files).filter(isKept))
}

function filesOf(fs: MemoryFileSystem): Record<string, string> {
  return Object.fromEntries(fs.names().map((name) => [name, fs.readFileSync(name).toString('hex')]))
}

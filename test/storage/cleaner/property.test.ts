import { expect, it } from 'vitest'
import { type Random, seededRandom } from '../../../src/base/random.ts'
import { type CodecId, isControl, isCrcValid, readRecords } from '../../../src/records/index.ts'
import type { Log, LogManager } from '../../../src/storage/index.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { TestDir } from '../support.ts'
import { append, batches, compacted, type Keyed, keyed, marker, roll } from './support.ts'

interface Written {
  readonly offset: number
  readonly key: string
  readonly value: string | null
  state: 'open' | 'committed' | 'aborted'
}

const RUNS = 24
const STEPS = 60
const DAY = 86_400_000

/** Any history of keys, tombstones, codecs and transactions, cleaned now and then with maps and buffers of any size. */
it.each(Array.from({ length: RUNS }, (_, i) => 4000 + i))(
  'keeps exactly the latest record of each key below the cleaned offset (seed %i)',
  async (seed) => {
    const random = seededRandom(seed)
    const dir = new TestDir()
    const clock = new ManualClock()
    const config = {
      segmentBytes: 500 + random.int(3000),
      indexIntervalBytes: 50 + random.int(500),
      deleteRetentionMs: DAY,
      fileDeleteDelayMs: 0,
    }
    const cleaner = {
      dedupeBufferBytes: 24 * (4 + random.int(60)),
      loadFactor: 0.5 + random.int(5) / 10,
      ioBufferBytes: 200 + random.int(3000),
      threads: 1,
    }
    try {
      let opened = await compacted(dir, config, { clock, cleaner })
      const history = new History(random)
      for (let step = 0; step < STEPS; step++) {
        const { log, manager } = opened
        const dice = random.int(20)
        if (dice < 12) await history.write(log)
        else if (dice < 16) await history.endSome(log)
        else if (dice < 18) await history.check(log, manager, `seed ${seed}, step ${step}`)
        else if (dice < 19) {
          await manager.shutdown()
          opened = await compacted(dir, config, { clock, cleaner })
          opened.log.updateHighWatermark(opened.log.logEndOffset)
        } else await history.expectLatest(log, `seed ${seed}, step ${step}`)
      }
      await history.endAll(opened.log)
      await roll(opened.log)
      history.addRoll(opened.log)
      await history.check(opened.log, opened.manager, `seed ${seed}, end`)
      await opened.manager.shutdown()
    } finally {
      dir.remove()
    }
  },
)

class History {
  private readonly random: Random
  private readonly written: Written[] = []
  private readonly sequences = new Map<number, number>()
  private readonly open = new Map<number, Written[]>()
  private cleanedTo = 0

  constructor(random: Random) {
    this.random = random
  }

  async write(log: Log): Promise<void> {
    const { random } = this
    const producer = random.int(5)
    // 0 and 1 are no transactional producers; 0 is not idempotent either.
    const isTransactional = producer > 1
    const count = 1 + random.int(8)
    const records: Keyed[] = Array.from({ length: count }, () => [
      `k${random.int(15)}`,
      random.int(6) === 0 ? null : `${random.int(1e9)}${'x'.repeat(random.int(60))}`,
      random.int(1000),
    ])
    const first = log.logEndOffset
    const sequence = this.sequences.get(producer) ?? 0
    const codec = random.int(5) as CodecId
    const numbers = { producerId: producer, producerEpoch: 0, baseSequence: sequence, isTransactional }
    await append(log, keyed(records, { codec, ...(producer > 0 && numbers) }))
    this.sequences.set(producer, sequence + count)
    const added = records.map(([key, value], i): Written => {
      const state = isTransactional ? 'open' : 'committed'
      return { offset: first + i, key: key ?? '', value, state }
    })
    this.written.push(...added)
    if (isTransactional) this.open.set(producer, [...(this.open.get(producer) ?? []), ...added])
  }

  async endSome(log: Log): Promise<void> {
    for (const producer of [...this.open.keys()]) if (this.random.int(2) === 0) await this.end(log, producer)
  }

  async endAll(log: Log): Promise<void> {
    for (const producer of [...this.open.keys()]) await this.end(log, producer)
  }

  private async end(log: Log, producer: number): Promise<void> {
    const isCommit = this.random.int(2) === 0
    await append(log, marker(producer, isCommit))
    for (const record of this.open.get(producer) ?? []) record.state = isCommit ? 'committed' : 'aborted'
    this.open.delete(producer)
  }

  addRoll(log: Log): void {
    this.written.push({ offset: log.logEndOffset - 1, key: 'roll', value: '', state: 'committed' })
  }

  async check(log: Log, manager: LogManager, where: string): Promise<void> {
    const reports = await manager.cleanLogs()
    this.cleanedTo = Math.max(this.cleanedTo, ...reports.map(({ endOffset }) => endOffset))
    const found = await recordsOf(log)
    await this.expectLatest(log, where)
    // Below the cleaned offset: nothing that a later record there replaces, and nothing that was aborted.
    const latest = new Map<string, number>()
    for (const { key, offset, state } of this.written) {
      if (offset < this.cleanedTo && state === 'committed') latest.set(key, offset)
    }
    const cleaned = found.filter(({ offset }) => offset < this.cleanedTo)
    for (const { key, offset } of cleaned)
      expect(latest.get(key), `${where}: ${key} at ${offset}`).toBe(offset)
    expect(cleaned, where).toHaveLength(latest.size)
  }

  /** Nothing but what was written, where it was written, in order; of committed keys always the latest. */
  async expectLatest(log: Log, where: string): Promise<void> {
    const found = await recordsOf(log)
    const byOffset = new Map(this.written.map((record) => [record.offset, record]))
    let last = -1
    for (const { offset, key, value } of found) {
      expect(offset, where).toBeGreaterThan(last)
      last = offset
      expect({ key, value }, `${where}: offset ${offset}`).toEqual({
        key: byOffset.get(offset)?.key,
        value: byOffset.get(offset)?.value,
      })
    }
    const offsets = new Set(found.map(({ offset }) => offset))
    const latest = new Map<string, number>()
    for (const { key, offset, state } of this.written) if (state === 'committed') latest.set(key, offset)
    for (const [key, offset] of latest)
      expect(offsets.has(offset), `${where}: ${key} at ${offset}`).toBe(true)
    for (const { offset, state } of this.written) {
      if (state === 'open') expect(offsets.has(offset), `${where}: open at ${offset}`).toBe(true)
    }
  }
}

async function recordsOf(log: Log): Promise<{ offset: number; key: string; value: string | null }[]> {
  const found: { offset: number; key: string; value: string | null }[] = []
  for (const batch of await batches(log)) {
    expect(isCrcValid(batch, 0)).toBe(true)
    if (isControl(batch, 0)) continue
    for (const { offset, key, value } of readRecords(batch, 0)) {
      found.push({ offset, key: String(key), value: value && String(value) })
    }
  }
  return found
}

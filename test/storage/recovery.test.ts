import {
  appendFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { batchOf, LEADER, newLog, type Setup, TestDir, values } from './support.ts'

let dir: TestDir
beforeEach(() => {
  dir = new TestDir()
})
afterEach(() => dir.remove())

const SMALL: Setup = { config: { segmentBytes: 400, indexIntervalBytes: 100 } }
const COUNT = 30
const ALL = Array.from({ length: COUNT }, (_, i) => `v${i}`)
const inLog = (name: string) => join(dir.path, 't-0', name)
const files = (suffix: string) =>
  readdirSync(join(dir.path, 't-0'))
    .filter((n) => n.endsWith(suffix))
    .sort()

/** A log of several segments; left as a killed process leaves it, or closed. */
async function written(setup: Setup, isClosed: boolean): Promise<void> {
  const { manager, log } = await newLog(dir, setup)
  for (const [i, value] of ALL.entries()) {
    const batch = batchOf([value], { producerId: 5, producerEpoch: 0, baseSequence: i })
    await log.appendAsLeader(batch, { leaderEpoch: i >> 3, origin: 'client' })
  }
  log.updateHighWatermark(COUNT - 2)
  if (isClosed) await manager.shutdown()
  // Flushes that follow a roll must not meet the next user of the directory.
  else await log.flush()
}

async function expectWhole(setup: Setup = SMALL): Promise<void> {
  const { log } = await newLog(dir, setup)
  expect(await values(log)).toEqual(ALL)
  expect(log).toMatchObject({ logEndOffset: COUNT, latestEpoch: 3 })
  expect(log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 16 })
  // The last five batches of a producer, of which a snapshot has one.
  for (const i of [25, 26, 27, 28, 29]) {
    const duplicate = batchOf([`v${i}`], { producerId: 5, producerEpoch: 0, baseSequence: i })
    expect(await log.appendAsLeader(duplicate, LEADER)).toMatchObject({ duplicate: true, firstOffset: i })
  }
  const next = batchOf(['next'], { producerId: 5, producerEpoch: 0, baseSequence: 30 })
  expect(await log.appendAsLeader(next, LEADER)).toMatchObject({ firstOffset: 30 })
  const skipped = batchOf(['skipped'], { producerId: 5, producerEpoch: 0, baseSequence: 40 })
  await expect(log.appendAsLeader(skipped, LEADER)).rejects.toMatchObject({
    errorName: 'OUT_OF_ORDER_SEQUENCE_NUMBER',
  })
}

describe('a segment that ends too early', () => {
  /** The whole first batch is there, and nothing of the others. Gives where the log has its hole. */
  function cutMiddle(): { middle: string; end: number } {
    const middle = files('.log')[3] ?? ''
    truncateSync(inLog(middle), readFileSync(inLog(middle)).readInt32BE(8) + 12)
    return { middle, end: Number(middle.slice(0, 20)) + 1 }
  }

  it('leaves what is behind it, which may be all that is left, as in Kafka', async () => {
    await written(SMALL, false)
    cutMiddle()
    const { log } = await newLog(dir, SMALL)
    await log.open()
    expect(log.logEndOffset).toBe(COUNT)
  })

  it('ends the log when nothing is behind it but the empty segment that had been begun', async () => {
    await written(SMALL, false)
    const { middle, end } = cutMiddle()
    const later = files('.log').filter((name) => name > middle)
    for (const name of later.slice(1)) rmSync(inLog(name))
    truncateSync(inLog(later[0] ?? ''), 0)
    const { log } = await newLog(dir, SMALL)
    await log.open()
    expect(log.logEndOffset).toBe(end)
    expect(await values(log)).toEqual(ALL.slice(0, end))
  })
})

describe('after a clean end', () => {
  it('has everything again', async () => {
    await written(SMALL, true)
    expect(readFileSync(join(dir.path, '.kafka_cleanshutdown'), 'utf8')).toBe(
      '{"version":0,"brokerEpoch":-1}',
    )
    await expectWhole()
  })

  it('knows its offsets without a look at the files, and does not touch them when it ends unused', async () => {
    await written(SMALL, true)
    const before = readdirSync(join(dir.path, 't-0')).map((n) => [n, statSync(inLog(n)).mtimeMs])
    const fs = new FailingFileSystem()
    const { manager, log } = await newLog(dir, { ...SMALL, fs })
    expect(log).toMatchObject({
      logEndOffset: COUNT,
      highWatermark: COUNT - 2,
      logStartOffset: 0,
      isOpen: false,
    })
    expect(log.lastStableOffset).toBe(COUNT - 2)
    expect(existsSync(join(dir.path, '.kafka_cleanshutdown'))).toBe(false)
    await manager.shutdown()
    expect(readdirSync(join(dir.path, 't-0')).map((n) => [n, statSync(inLog(n)).mtimeMs])).toEqual(before)
    expect(fs.changes.filter((change) => change.includes('t-0'))).toEqual([])
    await expectWhole()
  })

  it('looks again when somebody replaced the files', async () => {
    await written(SMALL, true)
    const last = files('.log').at(-1) ?? ''
    truncateSync(inLog(last), 0)
    const { log } = await newLog(dir, SMALL)
    expect(log.logEndOffset).toBe(COUNT)
    await log.open()
    expect(log.logEndOffset).toBe(Number(last.slice(0, 20)))
    expect(await values(log)).toEqual(ALL.slice(0, log.logEndOffset))
  })

  it('cuts a torn end all the same', async () => {
    await written(SMALL, true)
    appendFileSync(inLog(files('.log').at(-1) ?? ''), batchOf(['torn']).subarray(0, 50))
    await expectWhole()
  })

  it.each(['.index', '.timeindex'])('builds every missing %s again', async (suffix) => {
    await written(SMALL, true)
    for (const name of files(suffix)) rmSync(inLog(name))
    await expectWhole()
  })

  it.each(['.index', '.timeindex'])('builds every damaged %s again', async (suffix) => {
    await written(SMALL, true)
    for (const name of files(suffix)) writeFileSync(inLog(name), Buffer.alloc(120, 0xa7))
    await expectWhole()
  })

  it('builds an index again that leads nowhere though it looks right', async () => {
    const one: Setup = { config: { indexIntervalBytes: 100 } }
    await written(one, true)
    const name = files('.index').at(-1) ?? ''
    const index = readFileSync(inLog(name))
    for (let at = 4; at < index.length; at += 8) index.writeInt32BE(index.readInt32BE(at) + 1, at)
    writeFileSync(inLog(name), index)
    await expectWhole(one)
  })

  it('opens the padded indexes that Kafka leaves when it is killed', async () => {
    await written(SMALL, true)
    for (const name of [...files('.index'), ...files('.timeindex')]) {
      const entry = name.endsWith('.index') ? 8 : 12
      appendFileSync(inLog(name), Buffer.alloc(1000 * entry))
    }
    await expectWhole()
  })

  it('goes on without a producer snapshot, as Kafka does', async () => {
    await written(SMALL, true)
    for (const name of files('.snapshot')) rmSync(inLog(name))
    const { log } = await newLog(dir, SMALL)
    expect(await values(log)).toEqual(ALL)
    expect(await log.activeProducers()).toEqual([])
  })

  it.each(['recovery-point-offset-checkpoint', 'replication-offset-checkpoint'])(
    'goes on without %s',
    async (name) => {
      await written(SMALL, true)
      writeFileSync(join(dir.path, name), 'rubbish\n')
      await expectWhole()
    },
  )

  it('builds damaged leader epochs again', async () => {
    await written(SMALL, true)
    writeFileSync(inLog('leader-epoch-checkpoint'), '0\n7\nx')
    const { log } = await newLog(dir, SMALL)
    await log.open()
    expect(log.endOffsetForEpoch(1)).toEqual({ epoch: 1, endOffset: 16 })
  })
})

describe('after a kill', () => {
  it('has everything again', async () => {
    await written(SMALL, false)
    await expectWhole()
  })

  it('has everything again without any index, snapshot or checkpoint', async () => {
    await written(SMALL, false)
    for (const suffix of ['.index', '.timeindex', '.snapshot', '-checkpoint']) {
      for (const name of files(suffix)) rmSync(inLog(name))
    }
    await expectWhole()
  })

  it.each([1, 60, 73])('cuts a batch of which only %i bytes were written', async (length) => {
    await written(SMALL, false)
    const whole = batchOf(['torn'], { baseOffset: COUNT })
    appendFileSync(inLog(files('.log').at(-1) ?? ''), whole.subarray(0, length))
    await expectWhole()
    expect(whole.length).toBeGreaterThan(73)
  })

  it('cuts garbage and zeros', async () => {
    for (const garbage of [
      Buffer.alloc(500),
      Buffer.alloc(500, 0xff),
      Buffer.from('not a batch at all, really'),
    ]) {
      await written(SMALL, false)
      appendFileSync(inLog(files('.log').at(-1) ?? ''), garbage)
      await expectWhole()
      dir.remove()
      dir = new TestDir()
    }
  })

  it('cuts the log at a flipped bit, and what lies behind it', async () => {
    await written(SMALL, false)
    rmSync(join(dir.path, 'recovery-point-offset-checkpoint'), { force: true })
    const damaged = files('.log')[2] ?? ''
    const bytes = readFileSync(inLog(damaged))
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(inLog(damaged), bytes)
    const { log } = await newLog(dir, SMALL)
    const next = Number((files('.log')[2] ?? '').slice(0, 20))
    expect(log.logEndOffset).toBeGreaterThan(next)
    expect(log.logEndOffset).toBeLessThan(COUNT)
    expect(await values(log)).toEqual(ALL.slice(0, log.logEndOffset))
    expect(files('.log').at(-1)).toBe(damaged)
    const { firstOffset } = await log.appendAsLeader(batchOf(['again']), LEADER)
    expect((await values(log, firstOffset))[0]).toBe('again')
  })

  it.each(['.log', '.index', '.timeindex', '.snapshot'])('starts with an empty last %s', async (suffix) => {
    await written(SMALL, false)
    truncateSync(inLog(files(suffix).at(-1) ?? ''), 0)
    const { log } = await newLog(dir, SMALL)
    expect(await values(log)).toEqual(ALL.slice(0, log.logEndOffset))
    if (suffix !== '.log') expect(log.logEndOffset).toBe(COUNT)
  })

  it('goes back to the snapshot before a damaged one', async () => {
    await written(SMALL, false)
    const name = files('.snapshot').at(-1) ?? ''
    const bytes = readFileSync(inLog(name))
    bytes[12] = (bytes[12] ?? 0) ^ 1
    writeFileSync(inLog(name), bytes)
    await expectWhole()
  })

  it('finishes deletions and undoes unfinished compactions', async () => {
    await written(SMALL, false)
    writeFileSync(inLog('00000000000000000000.log.cleaned'), 'x')
    writeFileSync(inLog('00000000000000000000.index.deleted'), 'x')
    writeFileSync(inLog('00000000000000099999.index'), 'x')
    await expectWhole()
    expect(readdirSync(join(dir.path, 't-0')).filter((n) => /cleaned|deleted|99999/.test(n))).toEqual([])
  })

  it('finishes a swap of segments that was decided', async () => {
    await written(SMALL, false)
    const [first = '', second = ''] = files('.log')
    const merged = Buffer.concat([readFileSync(inLog(first)), readFileSync(inLog(second))])
    writeFileSync(inLog(`${first}.swap`), merged)
    await expectWhole()
    expect(files('.log')).not.toContain(second)
  })
})

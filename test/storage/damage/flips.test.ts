import { describe, expect, it } from 'vitest'
import { defined } from '../../../src/base/assert.ts'
import { batchSizeBytes, batchStarts } from '../../../src/records/index.ts'
import { testRandom } from '../../support/seed.ts'
import { batchOf, LEADER, readRaw, values } from '../support.ts'
import { copyOf, type Image, makeImage, nameOf, openImage, type Served, segmentsOf, serve } from './image.ts'

/** Neither the base offset nor the leader epoch is covered by a batch's checksum, in Kafka's format. */
const UNCHECKED = new Set([0, 1, 2, 3, 4, 5, 6, 7, 12, 13, 14, 15])

const { seed, random } = testRandom()
const clean = await makeImage(true)
const unclean = await makeImage(false)

/** Bytes of other segments than the last that are tried. */
const SAMPLES = 100

/** Every byte of the last segment, and some of the others: where it lies, and where in its batch. */
function bytesOf(image: Image, path: string): { at: number; field: number }[] {
  const bytes = image.fs.readFileSync(path)
  const list: { at: number; field: number }[] = []
  for (const start of batchStarts(bytes)) {
    for (let i = 0; i < batchSizeBytes(bytes, start); i++) list.push({ at: start + i, field: i })
  }
  if (path === segmentsOf(image.fs).at(-1)) return list
  return Array.from({ length: SAMPLES }, () => defined(list[random.int(list.length)], 'byte'))
}

function expectTrue(image: Image, served: Served, field: number, what: string): void {
  const known = new Set(image.values.values())
  const seen = new Set<string>()
  for (const [offset, value] of served.values) {
    if (!known.has(value) || seen.has(value))
      throw new Error(`${what}: served '${value}' at offset ${offset}`)
    seen.add(value)
    if (!UNCHECKED.has(field) && image.values.get(offset) !== value)
      throw new Error(`${what}: served '${value}' at offset ${offset}`)
  }
}

async function flipped(image: Image, path: string, at: number) {
  const fs = copyOf(image)
  const bytes = fs.readFileSync(path)
  bytes[at] = (bytes[at] ?? 0) ^ (1 << (at % 8))
  fs.put(path, bytes)
  return openImage(fs)
}

describe.each(segmentsOf(clean.fs))('a flipped bit in any byte of %s', (path) => {
  it('after a clean end: is served as damaged, or not at all', async () => {
    for (const { at, field } of bytesOf(clean, path)) {
      const what = `seed ${seed}, byte ${at}, ${field} of its batch`
      const { log, manager } = await flipped(clean, path, at)
      expectTrue(clean, await serve(log), field, what)
      await Promise.all([
        log.offsetForTimestamp(1_700_000_000_000).catch(nameOf),
        log.offsetForTimestamp('maxTimestamp').catch(nameOf),
        log.activeProducers(),
      ])
      await log.appendAsLeader(batchOf(['new']), LEADER).catch(nameOf)
      await log.truncateTo(5).catch(nameOf)
      expect(manager.describeLogDirs()[0]?.error, what).toBe(null)
      await manager.shutdown()
    }
  })

  it('after a kill: the log is cut there', async () => {
    for (const { at, field } of bytesOf(unclean, path)) {
      const what = `seed ${seed}, byte ${at}, ${field} of its batch`
      const { log, manager } = await flipped(unclean, path, at)
      const served = await serve(log)
      expectTrue(unclean, served, field, what)
      if (served.refused.size > 0 && !UNCHECKED.has(field)) throw new Error(`${what}: not all can be read`)
      const { firstOffset } = await log.appendAsLeader(batchOf(['new']), { leaderEpoch: 7, origin: 'client' })
      expect(await values(log, firstOffset), what).toEqual(['new'])
      await manager.shutdown()
    }
  })
})

describe('a flipped bit in any byte of what a leader sends', () => {
  it('is refused by the follower', async () => {
    const { log: leader } = await openImage(copyOf(clean))
    const { log } = await openImage(copyOf(clean))
    await leader.appendAsLeader(batchOf(['one', 'two']), LEADER)
    const good = await readRaw(leader, clean.logEndOffset)
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good)
      bad[at] = (bad[at] ?? 0) ^ 1
      // A later offset is no error: the leader's log may have been compacted. An epoch is what the leader says.
      if (UNCHECKED.has(at)) continue
      const before = log.logEndOffset
      const outcome = await log.appendAsFollower(bad).catch(nameOf)
      if (typeof outcome !== 'string' && outcome.firstOffset >= 0)
        throw new Error(`byte ${at} was taken for good`)
      expect(log.logEndOffset).toBe(before)
    }
    await log.appendAsFollower(good)
    expect((await serve(log)).values.get(clean.logEndOffset + 1)).toBe('two')
  })
})

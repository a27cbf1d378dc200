import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { CachedNames, refreshNames } from '../../../src/cli/completion/cached-names.ts'
import { NameCache } from '../../../src/cli/completion/name-cache.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

const ANSWER = { topics: [['orders', 2]], groups: ['billing'], brokers: [0, 1] } as const

let home: string
let clock: ManualClock
let cache: NameCache
let asked: string[][]
let refreshes: number
let answer: () => Promise<Partial<typeof ANSWER>>
beforeEach(() => {
  home = temporaryDirectory()
  clock = new ManualClock()
  cache = new NameCache({ XDG_CACHE_HOME: home }, 'a target')
  asked = []
  refreshes = 0
  answer = () => Promise.resolve(ANSWER)
})

const gather = (kinds: readonly string[]) => {
  asked.push([...kinds])
  return answer()
}
const names = () =>
  new CachedNames({
    cache,
    clock,
    gather,
    patienceMs: () => 50,
    refreshElsewhere: () => {
      refreshes++
    },
  })
const file = () => path.join(home, 'kcli/names', readdirSync(path.join(home, 'kcli/names'))[0] ?? '')

describe('names for completion', () => {
  it('come from the target the first time, and are asked for in whole elsewhere', async () => {
    expect(await names().names(['topics'])).toEqual(['orders'])
    expect([asked, refreshes]).toEqual([[['topics']], 1])
  })

  it('are given up where the target is slow or broken', async () => {
    answer = () => new Promise(() => undefined)
    const waiting = names().names(['topics'])
    await clock.advance(50)
    expect(await waiting).toEqual([])
    answer = () => Promise.reject(new Error('no'))
    expect(await names().names(['groups'])).toEqual([])
  })

  it('come from the file, which only the user may read, and nobody is asked while it is fresh', async () => {
    await refreshNames(cache, clock, gather)
    expect([statSync(file()).mode & 0o777, statSync(path.dirname(file())).mode & 0o777]).toEqual([
      0o600, 0o700,
    ])
    asked = []
    const known = names()
    expect(await known.names(['topics', 'orders'])).toEqual(['0', '1'])
    expect(await known.names(['topics', 'other'])).toEqual([])
    expect(await known.names(['groups'])).toEqual(['billing'])
    expect(await known.names(['brokers'])).toEqual(['0', '1'])
    expect(await known.names(['zk'])).toEqual([])
    expect([asked, refreshes]).toEqual([[], 0])
  })

  it('are old names rather than a pause, when they are old', async () => {
    await refreshNames(cache, clock, gather)
    asked = []
    clock.now += 60_000
    expect(await names().names(['topics'])).toEqual(['orders'])
    clock.now -= 120_000
    expect(await names().names(['topics'])).toEqual(['orders'])
    expect([asked, refreshes]).toEqual([[], 2])
  })

  it('stay as they were where the target does not answer any more, and are kept apart by target', async () => {
    await refreshNames(cache, clock, gather)
    clock.now += 60_000
    answer = () => Promise.resolve({ brokers: [7 as 0, 8 as 1] })
    await refreshNames(cache, clock, gather)
    expect(cache.read()).toMatchObject({ topics: [['orders', 2]], brokers: [7, 8], askedAtMs: clock.nowMs() })
    expect(new NameCache({ XDG_CACHE_HOME: home }, 'another').read()).toBeUndefined()
  })

  it('are asked for once by many who were started at once', async () => {
    await Promise.all([1, 2, 3].map(() => refreshNames(cache, clock, gather)))
    expect(asked).toHaveLength(1)
    expect(await names().names(['topics'])).toEqual(['orders'])
    expect(refreshes).toBe(0)
  })

  it.each(['', '{', '[]', '{"topics":[1],"groups":[],"brokers":[],"askedAtMs":1}', '{"topics":[]}'])(
    'are dropped when the file holds %j',
    async (text) => {
      await refreshNames(cache, clock, gather)
      writeFileSync(file(), text)
      const target = file()
      expect(cache.read()).toBeUndefined()
      expect(() => readFileSync(target)).toThrow('ENOENT')
    },
  )

  it('of targets that nobody asks for any more are removed', async () => {
    await refreshNames(cache, clock, gather)
    const old = new Date(clock.nowMs() - 31 * 86_400_000)
    utimesSync(file(), old, old)
    await refreshNames(new NameCache({ XDG_CACHE_HOME: home }, 'another'), clock, gather)
    expect(cache.read()).toBeUndefined()
    expect(readdirSync(path.dirname(file()))).toHaveLength(1)
  })

  it('are not written into a folder that others may enter', async () => {
    mkdirSync(path.join(home, 'kcli/names'), { recursive: true, mode: 0o755 })
    await expect(refreshNames(cache, clock, gather)).rejects.toThrow('EACCES')
  })
})

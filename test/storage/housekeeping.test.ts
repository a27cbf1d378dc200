import { describe, expect, it } from 'vitest'
import { silentLogger } from '../../src/base/logger.ts'
import { Housekeeping } from '../../src/storage/housekeeping.ts'
import { ManualClock } from '../support/manual-clock.ts'

describe('files that go later', () => {
  it('go one in each turn of the loop, however many are due at once', async () => {
    const clock = new ManualClock()
    const housekeeping = new Housekeeping(clock, silentLogger)
    const events: string[] = []
    for (const name of ['a', 'b', 'c'])
      housekeeping.removeLater(60_000, () => {
        events.push(name)
        clock.defer(() => void events.push('another turn'))
      })
    await clock.advance(59_999)
    expect(events).toEqual([])
    await clock.advance(1)
    expect(events).toEqual(['a', 'another turn', 'b', 'another turn', 'c', 'another turn'])
  })

  it('go at the end at the latest, and once', async () => {
    const clock = new ManualClock()
    const housekeeping = new Housekeeping(clock, silentLogger)
    const events: string[] = []
    for (const name of ['a', 'b', 'c'])
      housekeeping.removeLater(name === 'c' ? 90_000 : 60_000, () => {
        events.push(name)
        // The end comes while others are due.
        if (name === 'a') housekeeping.finish()
      })
    await clock.advance(100_000)
    expect(events).toEqual(['a', 'b', 'c'])
    housekeeping.removeLater(60_000, () => events.push('at once'))
    expect(events.at(-1)).toBe('at once')
  })
})

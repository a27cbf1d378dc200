import { expect, test } from 'vitest'
import { sleep } from '../../src/base/clock.ts'
import { ManualClock } from './manual-clock.ts'

test('timers fire when their time has come, in order, those of one time as they were set', async () => {
  const clock = new ManualClock()
  const fired: string[] = []
  const at = (name: string, delayMs: number) =>
    clock.setTimer(delayMs, () => fired.push(`${name} ${clock.monotonicMs()}`))
  at('c', 20)
  at('a', 10)
  at('b', 10)
  at('now', -5)
  await clock.advance(9)
  expect(fired).toEqual(['now 0'])
  await clock.advance(1)
  expect(fired).toEqual(['now 0', 'a 10', 'b 10'])
  await clock.advance(100)
  expect(fired.at(-1)).toBe('c 20')
  expect(clock.monotonicMs()).toBe(110)
  expect(clock.pendingTimers).toBe(0)
})

test('a cancelled timer does not fire, and cancelling one that has fired takes no other with it', async () => {
  const clock = new ManualClock()
  const fired: string[] = []
  const first = clock.setTimer(1, () => fired.push('first'))
  const second = clock.setTimer(2, () => fired.push('second'))
  clock.setTimer(3, () => fired.push('third'))
  await clock.advance(1)
  first.cancel()
  first.cancel()
  second.cancel()
  await clock.advance(10)
  expect(fired).toEqual(['first', 'third'])
})

test('what a timer sets going is done before the next one fires', async () => {
  const clock = new ManualClock()
  const seen: string[] = []
  clock.setTimer(1, () => {
    clock.defer(() => {
      seen.push('deferred')
      clock.setTimer(1, () => seen.push('set in between'))
    })
  })
  clock.setTimer(5, () => seen.push('later'))
  await clock.advance(5)
  expect(seen).toEqual(['deferred', 'set in between', 'later'])
})

test('runs until a promise has settled, and says when it never will', async () => {
  const clock = new ManualClock()
  await clock.run(sleep(clock, 1000).then(() => sleep(clock, 500)))
  expect(clock.monotonicMs()).toBe(1500)
  await expect(clock.run(Promise.reject(new Error('refused')))).rejects.toThrow('refused')
  await expect(clock.run(new Promise(() => undefined))).rejects.toThrow('nothing is left')
})

test('the wall clock can be moved on its own', async () => {
  const clock = new ManualClock()
  let hasFired = false
  clock.setTimer(10, () => {
    hasFired = true
  })
  clock.now += 60_000
  expect(clock.nowMs() - new ManualClock().nowMs()).toBe(60_000)
  await clock.settle()
  expect(hasFired).toBe(false)
  await clock.advance(0)
  expect(hasFired).toBe(true)
})

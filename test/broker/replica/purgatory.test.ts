import { expect, test } from 'vitest'
import { type Deadline, DeadlineQueue } from '../../../src/broker/replica/deadline-queue.ts'
import { DelayedOperation, Purgatory } from '../../../src/broker/replica/purgatory.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { testRandom } from '../../support/seed.ts'

class Waiting extends DelayedOperation {
  readonly events: string[] = []
  ready = false
  looked = 0

  tryComplete(): void {
    this.looked++
    if (this.ready) this.complete()
  }

  protected override onExpiration(): void {
    this.events.push('expired')
  }

  protected onComplete(): void {
    this.events.push('completed')
  }
}

function setup(maxWaiting?: number) {
  const clock = new ManualClock()
  const deadlines = new DeadlineQueue(clock)
  return { clock, deadlines, purgatory: new Purgatory(clock, deadlines, maxWaiting) }
}

test('completes at once, when something changes, or at the deadline, and only once', async () => {
  const { clock, purgatory } = setup()
  const [key, other] = [{}, {}]
  const atOnce = new Waiting()
  atOnce.ready = true
  purgatory.tryCompleteElseWatch(atOnce, [key], 100)
  expect(atOnce.events).toEqual(['completed'])
  expect(purgatory.size).toBe(0)

  const woken = new Waiting()
  purgatory.tryCompleteElseWatch(woken, [key, other], 100)
  purgatory.check({})
  purgatory.check(key)
  expect(woken.events).toEqual([])
  woken.ready = true
  purgatory.check(other)
  purgatory.check(key)
  await clock.advance(1000)
  expect(woken.events).toEqual(['completed'])

  const late = new Waiting()
  purgatory.tryCompleteElseWatch(late, [key], 100)
  await clock.advance(99)
  expect(late.events).toEqual([])
  await clock.advance(1)
  expect(late.events).toEqual(['expired', 'completed'])
  expect(purgatory.size).toBe(0)
  expect(purgatory.isWatched(key)).toBe(false)
})

test('is bounded: what comes beyond is answered as if its time were over', () => {
  const { purgatory } = setup(2)
  const operations = [new Waiting(), new Waiting(), new Waiting()]
  for (const operation of operations) purgatory.tryCompleteElseWatch(operation, [{}], 100)
  expect(operations.map(({ events }) => events)).toEqual([[], [], ['expired', 'completed']])
  purgatory.completeAll()
  expect(operations.map(({ events }) => events.at(-1))).toEqual(['completed', 'completed', 'completed'])
  expect(purgatory.size).toBe(0)
})

test('a deadline of zero or less answers now', () => {
  const { purgatory } = setup()
  const operation = new Waiting()
  purgatory.tryCompleteElseWatch(operation, [{}], -5)
  expect(operation.events).toEqual(['expired', 'completed'])
})

test('an operation may begin another while it completes', () => {
  const { purgatory } = setup()
  const key = {}
  const next = new Waiting()
  const first = new (class extends Waiting {
    protected override onComplete(): void {
      super.onComplete()
      purgatory.tryCompleteElseWatch(next, [key], 100)
    }
  })()
  purgatory.tryCompleteElseWatch(first, [key], 100)
  first.ready = true
  purgatory.check(key)
  expect(first.events).toEqual(['completed'])
  expect(purgatory.watching(key)).toEqual([next])
})

test('deadlines come in order, whatever is added and completed', async () => {
  const { seed, random } = testRandom()
  const clock = new ManualClock()
  const queue = new DeadlineQueue(clock)
  const expired: number[] = []
  const model: (Deadline & { completed: boolean })[] = []
  for (let round = 0; round < 40; round++) {
    for (let i = 0; i < random.int(120); i++) {
      const deadlineMs = clock.monotonicMs() + random.int(500)
      const deadline = { deadlineMs, completed: false, expire: () => expired.push(deadlineMs) }
      queue.add(deadline)
      model.push(deadline)
    }
    for (const deadline of model) if (random.int(3) === 0) deadline.completed = true
    const before = expired.length
    const from = clock.monotonicMs()
    await clock.advance(random.int(60))
    const due = model.filter(
      (each) => !each.completed && each.deadlineMs > from && each.deadlineMs <= clock.monotonicMs(),
    )
    const now = model.filter((each) => !each.completed && each.deadlineMs <= from)
    expect(
      expired.slice(before).sort((a, b) => a - b),
      `seed ${seed}`,
    ).toEqual([...now, ...due].map((each) => each.deadlineMs).sort((a, b) => a - b))
    for (const each of [...now, ...due]) each.completed = true
  }
  await clock.advance(1000)
  expect(queue.size).toBe(0)
  expect(clock.pendingTimers).toBe(0)
})

test('short-lived waits cost one timer, and what completed does not pile up', () => {
  const { clock, deadlines, purgatory } = setup()
  const key = {}
  for (let i = 0; i < 20_000; i++) {
    const operation = new Waiting()
    purgatory.tryCompleteElseWatch(operation, [key], 500)
    operation.ready = true
    purgatory.check(key)
  }
  expect(deadlines.size).toBeLessThan(3000)
  expect(clock.pendingTimers).toBe(1)
})

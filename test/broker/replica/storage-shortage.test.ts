import { expect, it } from 'vitest'
import { silentLogger } from '../../../src/base/logger.ts'
import type { Partition } from '../../../src/broker/replica/partition.ts'
import { StorageShortage } from '../../../src/broker/replica/storage-shortage.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const replica = (key: string, logDir: string) => ({ key, log: { logDir } }) as unknown as Partition

it('replicas that cannot be stored make one report, and another one when there is room', async () => {
  const clock = new ManualClock()
  const full = new Set(['/a', '/b'])
  let reports = 0
  const shortage = new StorageShortage({
    clock,
    logger: silentLogger,
    hasRoom: (logDir) => !full.has(logDir ?? '/a'),
    report: () => void reports++,
  })
  const keys = () => ['t-0', 't-1', 't-2'].filter((key) => shortage.has(key))
  for (const [key, dir] of [
    ['t-0', '/a'],
    ['t-1', '/a'],
    ['t-2', '/b'],
    ['t-0', '/a'],
  ] as const)
    shortage.add(replica(key, dir))
  await clock.advance(1_000)
  expect([keys(), reports]).toEqual([['t-0', 't-1', 't-2'], 1])
  await clock.advance(60_000)
  expect([keys(), reports]).toEqual([['t-0', 't-1', 't-2'], 1])
  full.delete('/a')
  await clock.advance(11_000)
  expect([keys(), reports]).toEqual([['t-2'], 2])
  shortage.remove('t-2')
  await clock.advance(60_000)
  expect([keys(), reports, clock.pendingTimers]).toEqual([[], 2, 0])
  // A log that could not be made has no directory.
  full.add('/a')
  shortage.add({ key: 't-1' } as Partition)
  await clock.advance(60_000)
  expect([keys(), reports]).toEqual([['t-1'], 3])
  full.delete('/a')
  await clock.advance(11_000)
  expect([keys(), reports]).toEqual([[], 4])
  shortage.add(replica('t-0', '/b'))
  shortage.close()
  expect([keys(), clock.pendingTimers]).toEqual([[], 0])
})

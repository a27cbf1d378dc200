import { describe, expect, it } from 'vitest'
import { dataOf } from '../../../src/cli/services/top/data.ts'
import { viewOf } from '../../../src/cli/services/top/view.ts'
import { broker, group, look, member, partition } from './looks.ts'

const before = look(1_000, {
  partitions: [partition('orders', 0, 100), partition('orders', 1, 50), partition('old', 0, 500)],
  groups: [
    group('billing', [
      ['orders', 0, 40],
      ['orders', 1, 50],
    ]),
  ],
  brokers: [broker(0), broker(1)],
})

describe('what two looks say together', () => {
  it('is rates from what grew between them, in records, committed records and bytes', () => {
    const now = look(3_000, {
      partitions: [partition('orders', 0, 300), partition('orders', 1, 60), partition('old', 0, 500)],
      groups: [
        group('billing', [
          ['orders', 0, 140],
          ['orders', 1, 60],
        ]),
      ],
      brokers: [broker(0, { logDirs: [{ ...dir, sizeBytes: 3_000 }] }), broker(1)],
    })
    const view = viewOf(before, now)
    expect(view).toMatchObject({ inPerSecond: 105, outPerSecond: 55, bytesPerSecond: 1_050, lag: 160 })
    expect(view.topics).toMatchObject([
      { topic: 'orders', inPerSecond: 105, outPerSecond: 55, bytesPerSecond: 1_050, records: 360 },
      { topic: 'old', inPerSecond: 0, outPerSecond: 0, bytesPerSecond: 0, records: 500 },
    ])
    expect(view.brokers).toMatchObject([
      { id: 0, leaders: 3, replicaCount: 3, inPerSecond: 105, bytesPerSecond: 1_000, diskUsed: 0.75 },
      { id: 1, leaders: 0, replicaCount: 3, inPerSecond: 0, bytesPerSecond: 0 },
    ])
    expect(view.groups).toMatchObject([{ group: 'billing', lag: 160, perSecond: 55 }])
  })

  it('has no rates at the first look, and none for what one of both looks did not see', () => {
    const first = viewOf(undefined, before)
    expect(first.inPerSecond).toBeNull()
    expect(first.topics[0]).toMatchObject({ inPerSecond: null, outPerSecond: null, bytesPerSecond: null })
    const half = look(2_000, {
      partitions: [partition('orders', 0, null), partition('orders', 1, 60), partition('new', 0, 7)],
    })
    const view = viewOf(before, half)
    expect(view.topics).toMatchObject([
      { topic: 'orders', inPerSecond: 10, records: 60 },
      { topic: 'new', inPerSecond: null, records: 7 },
    ])
    expect(JSON.stringify(dataOf(view, undefined))).not.toContain('NaN')
  })

  it('lets what shrank stand still: topics made anew, segments deleted, groups set back', () => {
    const now = look(2_000, {
      partitions: [partition('orders', 0, 10), partition('orders', 1, 50)],
      groups: [group('billing', [['orders', 0, 0]])],
    })
    const view = viewOf(before, now)
    expect(view.topics).toMatchObject([{ inPerSecond: 0, outPerSecond: 0, bytesPerSecond: 0 }])
    expect(view.groups).toMatchObject([{ lag: 10, perSecond: 0 }])
  })

  it('counts records that several groups read once for each of them', () => {
    const twice = look(2_000, {
      partitions: [partition('orders', 0, 100)],
      groups: [group('billing', [['orders', 0, 60]]), group('other', [['orders', 0, 50]])],
    })
    const then = look(1_000, {
      partitions: [partition('orders', 0, 100)],
      groups: [group('billing', [['orders', 0, 40]]), group('other', [['orders', 0, 45]])],
    })
    expect(viewOf(then, twice).topics).toMatchObject([{ outPerSecond: 25 }])
  })

  it('knows who reads a partition, also where nothing is committed', () => {
    const reader = member('reader', { partitions: [{ topic: 'orders', partition: 1 }] })
    const now = look(2_000, {
      partitions: [partition('orders', 0, 100), partition('orders', 1, 100)],
      groups: [
        group(
          'billing',
          [
            ['orders', 0, 90],
            ['gone', 0, 5],
          ],
          { members: [reader] },
        ),
      ],
    })
    const [billing] = viewOf(undefined, now).groups
    expect(billing?.lag).toBe(10)
    expect(billing?.partitions).toMatchObject([
      { topic: 'gone', offset: 5, endOffset: null, lag: null, member: undefined },
      { topic: 'orders', partition: 0, lag: 10, member: undefined },
      { topic: 'orders', partition: 1, offset: null, endOffset: 100, lag: null, member: reader },
    ])
  })

  it('tells the size of one copy, by another replica when the leader is silent', () => {
    const silent = partition('orders', 0, 10, {
      replicas: [
        { broker: 0, sizeBytes: null, lag: null },
        { broker: 1, sizeBytes: 77, lag: 0 },
      ],
    })
    expect(viewOf(undefined, look(0, { partitions: [silent] })).topics).toMatchObject([{ sizeBytes: 77 }])
  })
})

describe('what is not well', () => {
  const troubles = (changed: Parameters<typeof look>[1]) =>
    viewOf(undefined, look(0, changed)).troubles.map(({ kind, reason }) => `${kind}: ${reason}`)

  it('says which broker is missing, or late and by how much', () => {
    const brokers = [broker(0), broker(1, { state: 'gone' }), broker(2)]
    const replicas = [
      { broker: 0, sizeBytes: 1, lag: 0 },
      { broker: 1, sizeBytes: null, lag: null },
      { broker: 2, sizeBytes: 1, lag: 12 },
    ]
    const late = partition('orders', 0, 10, { isr: [0], replicas })
    expect(troubles({ brokers, partitions: [late, partition('well', 0, 1)] })).toEqual([
      'under-replicated: broker 1 is down; broker 2 is 12 records behind',
    ])
    const broken = partition('orders', 0, 10, { isr: [0], offlineReplicas: [1] })
    expect(troubles({ partitions: [broken] })).toEqual([
      'under-replicated: broker 1 cannot use the log directory of its copy',
    ])
    const paused = [broker(0), broker(1, { state: 'silent' })]
    expect(troubles({ brokers: paused, partitions: [partition('orders', 0, 10, { isr: [0] })] })).toEqual([
      'under-replicated: broker 1 does not answer',
    ])
  })

  it('puts what nobody can read first, and says why nobody may lead it', () => {
    const brokers = [broker(0, { state: 'gone' }), broker(1), broker(2, { state: 'silent' })]
    expect(
      troubles({
        brokers,
        partitions: [
          partition('late', 0, 10, { leader: 1, isr: [1] }),
          partition('stuck', 0, null, { leader: 2, isr: [2, 1] }),
          partition('dead', 0, null, { leader: -1, isr: [0] }),
          partition('young', 0, null, { leader: -1, isr: [] }),
        ],
      }),
    ).toEqual([
      'offline: no leader: broker 0, in sync at last, is down; broker 1 is up and would lose records',
      'offline: no leader has been elected yet',
      'silent leader: broker 2, which leads it, does not answer',
      'under-replicated: broker 0 is down',
    ])
  })
})

const dir = { path: '/d', error: null, replicas: 1, totalBytes: 100, usableBytes: 25 }

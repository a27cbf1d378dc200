import { describe, expect, it } from 'vitest'
import { changesBetween } from '../../src/cli/services/cluster/status-changes.ts'
import type {
  BrokerStatus,
  ClusterSnapshot,
  PartitionStatus,
} from '../../src/cli/services/cluster/status-snapshot.ts'
import { screenLines } from '../../src/cli/services/cluster/status-view.ts'
import { durationText, parseBrokers } from '../../src/cli/services/cluster/tell-server.ts'

const broker = (id: number, changed: Partial<BrokerStatus> = {}): BrokerStatus => ({
  id,
  state: 'up',
  address: `127.0.0.1:909${id}`,
  rack: null,
  isController: id === 0,
  isRegistered: true,
  cutOffFrom: [],
  isCutOffFromZooKeeper: false,
  ...changed,
})

const partition = (number: number, changed: Partial<PartitionStatus> = {}): PartitionStatus => ({
  topic: 'orders',
  partition: number,
  leader: 0,
  leaderEpoch: 3,
  isr: [1, 0],
  highWatermark: 10,
  replicas: [
    { broker: 1, endOffset: 12 },
    { broker: 0, endOffset: 10 },
  ],
  ...changed,
})

const snapshot = (brokers: BrokerStatus[], partitions: PartitionStatus[]): ClusterSnapshot => ({
  clusterId: 'id',
  controller: 0,
  topicCount: 1,
  brokers,
  partitions,
})

const screen = { target: '/data', nowMs: 0, znodes: [], rows: undefined, columns: undefined }

describe('the live view', () => {
  it('shows how brokers are, and what is not well before the rest', async () => {
    const lines = await screenLines(
      {
        ...screen,
        snapshot: snapshot(
          [
            broker(0),
            broker(1, { state: 'killed', isRegistered: false, address: null }),
            broker(2, { state: 'silent', cutOffFrom: [0, 1], isCutOffFromZooKeeper: true }),
          ],
          [
            partition(0),
            partition(1, { isr: [0] }),
            partition(2, {
              leader: -1,
              isr: [1],
              highWatermark: null,
              replicas: [{ broker: 1, endOffset: null }],
            }),
          ],
        ),
        znodes: [{ timeMs: 0, change: 'deleted', path: '/brokers/ids/1' }],
      },
      false,
    )
    expect(lines.slice(1)).toEqual([
      'Brokers:     0 up  controller  127.0.0.1:9090',
      '             1 killed, not in the cluster',
      '             2 no answer, cut off from 0, 1, ZooKeeper  127.0.0.1:9092',
      'Partitions:  3 in 1 topic, 1 under-replicated, 1 without a leader',
      '',
      'TOPIC   PARTITION  LEADER  EPOCH  ISR       HIGH WATERMARK  END OFFSETS',
      'orders  2          none    3      1         -               1:-',
      'orders  1          0       3      0 of 1,0  10              0:10  1:12',
      'orders  0          0       3      1,0       10              0:10  1:12',
      '',
      'Znodes that changed',
      expect.stringMatching(/^\d\d:\d\d:\d\d {2}deleted {2}\/brokers\/ids\/1$/),
    ])
  })

  it('takes no more than the screen, and says what is left out', async () => {
    const many = Array.from({ length: 40 }, (_, number) => partition(number))
    const znodes = Array.from({ length: 30 }, () => ({ timeMs: 0, change: 'changed' as const, path: '/x' }))
    for (const rows of [1, 5, 12, 24]) {
      const lines = await screenLines(
        { ...screen, snapshot: snapshot([broker(0)], many), znodes, rows, columns: 60 },
        true,
      )
      expect(lines.length).toBeLessThan(Math.max(rows, 2))
      if (rows === 24) expect(lines.join('\n')).toMatch(/and \d+ more, which are no worse/)
    }
  })
})

describe('changes', () => {
  it('tell everything first, and then what is different', () => {
    const first = snapshot([broker(0), broker(1)], [partition(0), partition(1)])
    expect(changesBetween(undefined, first, true).map(({ event }) => event)).toEqual([
      'cluster',
      'broker',
      'broker',
      'partition',
      'partition',
    ])
    expect(changesBetween(first, first, false)).toEqual([])
    const second = snapshot(
      [broker(0), broker(1, { state: 'paused' })],
      [partition(0, { highWatermark: 11 })],
    )
    expect(changesBetween(first, second, false)).toMatchObject([
      { event: 'broker', id: 1, state: 'paused' },
      { event: 'partition', partition: 0, highWatermark: 11 },
      { event: 'partition-deleted', topic: 'orders', partition: 1 },
    ])
    expect(changesBetween(second, undefined, false)).toEqual([{ event: 'cluster', state: 'stopped' }])
    expect(changesBetween(undefined, undefined, true)).toEqual([{ event: 'cluster', state: 'stopped' }])
  })
})

describe('brokers on the command line', () => {
  it('are ids, lists of them, or the controller', () => {
    expect(parseBrokers(['1', '0,2', 'controller'])).toEqual([1, 0, 2, 'controller'])
    for (const wrong of ['x', '-1', '1.5', '1e3'])
      expect(() => parseBrokers([wrong])).toThrow(`BROKER is '${wrong}'`)
  })

  it('durations are in the larger unit that fits', () => {
    expect([300, 2000, 2500].map(durationText)).toEqual(['300 ms', '2 s', '2500 ms'])
  })
})

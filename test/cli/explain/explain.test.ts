import { describe, expect, it } from 'vitest'
import { changesBetween, indexChanges } from '../../../src/cli/explain/changes.ts'
import type { Change, ConnectEvent, RequestEvent } from '../../../src/cli/explain/events.ts'
import { withExplainForm } from '../../../src/cli/explain/form.ts'
import { Recorder } from '../../../src/cli/explain/recorder.ts'
import { explanationText } from '../../../src/cli/explain/report.ts'
import { ObserverSlot } from '../../../src/cli/explain/slot.ts'
import type { LocalSnapshot } from '../../../src/cli/explain/snapshot.ts'
import { answerWords, askedWords, errorCodesIn } from '../../../src/cli/explain/words.ts'
import type { PartitionStatus } from '../../../src/cli/services/cluster/status-snapshot.ts'
import type { Api } from '../../../src/protocol/index.ts'
import { metadata } from '../../../src/protocol/messages/03-metadata.ts'
import { findCoordinator } from '../../../src/protocol/messages/10-find-coordinator.ts'
import { buildBatch } from '../../records/support.ts'
import { ManualClock } from '../../support/manual-clock.ts'

const NO_NAMES = new Map<string, string>()
const ID = 'f3a6e1d2'

describe('requests in words', () => {
  const batch = buildBatch([
    { timestampMs: 1, key: null, value: Buffer.from('a'), headers: [] },
    { timestampMs: 2, key: null, value: Buffer.from('b'), headers: [] },
  ])
  it.each([
    ['ApiVersions', {}, 'which APIs it serves'],
    ['Metadata', { topics: null }, 'all topics, and who leads their partitions'],
    ['Metadata', { topics: [] }, 'the brokers, and who is controller'],
    ['Metadata', { topics: [{ name: 'a' }, { name: 'b' }] }, 'who leads the partitions of a, b'],
    [
      'Produce',
      {
        acks: -1,
        topicData: [
          {
            name: 'a',
            partitionData: [
              { index: 0, records: batch },
              { index: 3, records: Buffer.concat([batch, batch]) },
            ],
          },
        ],
      },
      'store 6 records in a-0, a-3',
    ],
    [
      'Fetch',
      { topics: [{ topicId: ID, partitions: [{ partition: 1, fetchOffset: 7 }] }] },
      'records of orders-1 from 7',
    ],
    ['Fetch', { sessionEpoch: 5, topics: [] }, 'more records of the same partitions'],
    ['Fetch', { sessionEpoch: -1, topics: [] }, 'end of the fetch session'],
    [
      'ListOffsets',
      {
        topics: [
          {
            name: 'a',
            partitions: [
              { partitionIndex: 0, timestamp: -1 },
              { partitionIndex: 1, timestamp: 99 },
            ],
          },
        ],
      },
      'offsets of a-0 (end), a-1 (at 99)',
    ],
    [
      'CreateTopics',
      { topics: [1, 2, 3, 4, 5, 6].map((n) => ({ name: `t${n}` })) },
      'create t1, t2, t3, t4 and 2 more',
    ],
    ['DeleteTopics', { topicNames: ['a', 'b'] }, 'delete a, b'],
    ['OffsetFetch', { groups: [{ groupId: 'g', topics: null }] }, 'the stored offsets of group g'],
    ['FindCoordinator', { coordinatorKeys: ['g'] }, 'who coordinates g'],
    [
      'DescribeConfigs',
      { resources: [{ resourceName: 'a' }, { resourceName: '' }] },
      'the settings of a, all brokers',
    ],
    ['ElectLeaders', { topicPartitions: null }, 'elect leaders for all'],
    ['Unheard', { topics: [{ name: 'a' }] }, 'a'],
  ])('%s %#', (api, body, words) => {
    expect(askedWords(api, body, new Map([[ID, 'orders']]))).toBe(words)
  })

  it.each([
    [
      'Produce',
      {
        responses: [
          {
            name: 'a',
            partitionResponses: [
              { index: 0, errorCode: 0, baseOffset: 5 },
              { index: 1, errorCode: 6 },
            ],
          },
        ],
      },
      'a-0 at 5',
      ['NOT_LEADER_OR_FOLLOWER'],
    ],
    ['Fetch', { errorCode: 0, responses: [] }, 'nothing new', []],
    [
      'Fetch',
      {
        responses: [
          { topicId: ID, partitions: [{ partitionIndex: 1, errorCode: 0, records: Buffer.alloc(70) }] },
        ],
      },
      'orders-1 70 B',
      [],
    ],
    [
      'ListOffsets',
      { topics: [{ name: 'a', partitions: [{ partitionIndex: 0, errorCode: 0, offset: 4 }] }] },
      'a-0 4',
      [],
    ],
    ['FindCoordinator', { coordinators: [{ key: 'g', nodeId: 2, errorCode: 0 }] }, 'broker 2 for g', []],
    ['Heartbeat', { throttleTimeMs: 20, errorCode: 27 }, 'throttled for 20 ms', ['REBALANCE_IN_PROGRESS']],
    ['Heartbeat', { throttleTimeMs: 0, errorCode: 0 }, '', []],
  ])('%s answers %#', (api, response, words, codes) => {
    expect(answerWords(api, response, new Map([[ID, 'orders']]))).toBe(words)
    expect(errorCodesIn(response)).toEqual(codes)
  })

  it('make something of anything', () => {
    for (const odd of [
      null,
      undefined,
      5,
      'x',
      [],
      { topics: 5 },
      { topics: [null, 7, { partitions: [null] }] },
      { groups: [null] },
    ])
      for (const api of [
        'Produce',
        'Fetch',
        'ListOffsets',
        'Metadata',
        'OffsetFetch',
        'CreateTopics',
        'Other',
      ]) {
        expect(typeof askedWords(api, odd, NO_NAMES)).toBe('string')
        expect(typeof answerWords(api, odd, NO_NAMES)).toBe('string')
      }
  })
})

describe('the recorder', () => {
  const address = { kind: 'tcp', host: 'h', port: 9092 } as const
  const api = (of: unknown) => of as Api

  it('knows attempts, abandoned requests, and brokers by what metadata says', async () => {
    const clock = new ManualClock()
    const recorder = new Recorder(clock)
    const slot = new ObserverSlot()
    expect(slot.connecting(address)).toBeUndefined()
    slot.current = recorder
    slot.connecting(address)?.connected()
    const ask = () =>
      slot.requesting({ address, api: api(findCoordinator), version: 4, body: { coordinatorKeys: ['g'] } })
    const first = ask()
    first?.sent(20)
    await clock.advance(3)
    first?.received(30)
    first?.answered({ coordinators: [{ key: 'g', errorCode: 15 }] })
    ask()?.failed(new Error('gone'))
    ask()?.answered({ coordinators: [{ key: 'g', nodeId: 1, errorCode: 0 }] })
    ask()?.abandoned()
    slot.requesting({ address, api: api(metadata), version: 12, body: { topics: [] } })?.answered({
      brokers: [{ nodeId: 7, host: 'h', port: 9092 }],
      topics: [],
    })
    recorder.nameBrokers()
    expect(recorder.events).toMatchObject([
      { event: 'connect', number: 1, broker: 7, error: null },
      {
        number: 2,
        attempt: 1,
        errorCodes: ['COORDINATOR_NOT_AVAILABLE'],
        requestBytes: 20,
        responseBytes: 30,
        elapsedMs: 3,
      },
      { number: 3, attempt: 2, error: 'gone', answer: null },
      { number: 4, attempt: 3, answer: 'broker 1 for g' },
      { number: 5, attempt: 1, answer: 'not waited for', error: null },
      { number: 6, api: 'Metadata', broker: 7 },
    ])
  })

  it('is bounded', () => {
    const recorder = new Recorder(new ManualClock())
    for (let i = 0; i < 10_005; i++)
      recorder.requesting({ address, api: api(metadata), version: 1, body: { topics: [] } })?.sent(1)
    expect([recorder.events.length, recorder.uncounted]).toEqual([10_000, 5])
  })
})

describe('what changed', () => {
  const partition = (of: Partial<PartitionStatus> = {}): PartitionStatus => ({
    topic: 'a',
    partition: 0,
    leader: 0,
    leaderEpoch: 3,
    isr: [0, 1],
    highWatermark: 10,
    replicas: [0, 1].map((broker) => ({ broker, endOffset: 10 })),
    ...of,
  })
  type Segments = readonly (readonly [baseOffset: number, sizeBytes: number])[]
  /** The same in both replicas. */
  const look = (
    partitions: readonly PartitionStatus[],
    segments: Segments,
    znodes: Readonly<Record<string, number>> = {},
  ): LocalSnapshot => ({
    partitions: new Map(partitions.map((each) => [`${each.topic}-${each.partition}`, each])),
    logs: new Map(
      [0, 1].map((broker) => [
        `${broker} a-0`,
        {
          path: `/b${broker}/a-0`,
          segments: segments.map(([baseOffset, sizeBytes]) => ({ baseOffset, sizeBytes })),
        },
      ]),
    ),
    znodes: new Map(Object.entries(znodes).map(([at, mzxid]) => [at, { version: 0, mzxid }])),
  })

  it('is nothing when nothing did', () => {
    const same = look([partition()], [[0, 500]], { '/a': 1 })
    expect(changesBetween(same, look([partition({ isr: [1, 0] })], [[0, 500]], { '/a': 1 }))).toEqual([])
    expect(explanationText([], [], [])).toContain('What changed in the cluster:\n  Nothing.\n')
  })

  it('is appends with their files, rolled segments, index entries and the high watermark', async () => {
    const now = partition({
      highWatermark: 14,
      replicas: [0, 1].map((broker) => ({ broker, endOffset: 15 - broker })),
    })
    const after = look(
      [now],
      [
        [0, 620],
        [14, 70],
      ],
    )
    const changes = changesBetween(look([partition()], [[0, 500]]), after)
    const fileOf = (broker: number, name: string) => `/b${broker}/a-0/${name.padStart(20, '0')}`
    expect(changes).toEqual([
      { event: 'high-watermark', topic: 'a', partition: 0, from: 10, to: 14 },
      ...[0, 1].flatMap((broker): Change[] => {
        const place = { topic: 'a', partition: 0, broker }
        const file = `${fileOf(broker, '14')}.log`
        return [
          { event: 'append', ...place, firstOffset: 10, endOffset: 15 - broker, bytes: 190, file },
          { event: 'segment', ...place, change: 'created', file },
        ]
      }),
    ])
    const asked: string[] = []
    const entries = await indexChanges(changes, after, async (file, baseOffset, fromOffset) => {
      asked.push(`${file} ${baseOffset} ${fromOffset}`)
      return baseOffset === 0 ? 1 : 0
    })
    expect(asked).toEqual(
      [0, 1].flatMap((broker) => [
        `${fileOf(broker, '0')}.index 0 10`,
        `${fileOf(broker, '14')}.index 14 10`,
      ]),
    )
    expect(
      explanationText([], [...changes, ...entries], [])
        .split('\n')
        .slice(5, -1),
    ).toEqual([
      '  high watermark  a-0  10 → 14',
      '  log             a-0  offsets 10 to 14, 190 bytes in 00000000000000000014.log  broker 0',
      '  segment         a-0  00000000000000000014.log created                         brokers 0, 1',
      '  log             a-0  offsets 10 to 13, 190 bytes in 00000000000000000014.log  broker 1',
      '  index           a-0  1 more entry in 00000000000000000000.index               brokers 0, 1',
    ])
  })

  it('is leaders, epochs, ISR and replicas', () => {
    const after = partition({
      leader: -1,
      leaderEpoch: 4,
      isr: [1],
      replicas: [1, 2].map((broker) => ({ broker, endOffset: null })),
      highWatermark: null,
    })
    expect(changesBetween(look([partition()], []), look([after], []))).toEqual([
      { event: 'replicas', topic: 'a', partition: 0, from: [0, 1], to: [1, 2] },
      { event: 'leader', topic: 'a', partition: 0, from: 0, to: -1, fromEpoch: 3, toEpoch: 4 },
      { event: 'isr', topic: 'a', partition: 0, from: [0, 1], to: [1] },
    ])
  })

  it('is partitions and znodes that come and go', () => {
    const before = look([partition()], [[0, 500]], { '/a': 1, '/b': 2, '/c': 3 })
    const other = partition({ partition: 1, highWatermark: 0, replicas: [{ broker: 0, endOffset: 0 }] })
    expect(changesBetween(before, look([other], [], { '/a': 1, '/b': 9, '/d': 9 }))).toEqual([
      { event: 'partition', change: 'created', topic: 'a', partition: 1, leader: 0, replicas: [0] },
      { event: 'partition', change: 'deleted', topic: 'a', partition: 0 },
      { event: 'znode', change: 'changed', path: '/b' },
      { event: 'znode', change: 'deleted', path: '/c' },
      { event: 'znode', change: 'created', path: '/d' },
    ])
    expect(changesBetween({ ...before, znodes: undefined }, before)).toEqual([])
  })
})

describe('the text', () => {
  const request = (number: number, of: Partial<RequestEvent>): RequestEvent => ({
    ...{
      event: 'request',
      number,
      startMs: 0,
      broker: 0,
      address: 'x',
      elapsedMs: 1,
      error: null,
      api: 'Fetch',
      key: 1,
    },
    ...{ version: 17, asked: `records of a-0 from ${number}`, answer: `a-0 ${number} B`, requestBytes: 10 },
    ...{ responseBytes: 20, errorCodes: [], attempt: 1, ...of },
  })
  const connect: ConnectEvent = {
    event: 'connect',
    number: 1,
    startMs: 0,
    broker: null,
    address: 'h:1',
    elapsedMs: 2,
    error: 'refused',
  }

  it('puts a stream of requests on one line, and leaves the others in order', () => {
    const text = explanationText(
      [
        connect,
        request(2, {}),
        request(3, { broker: 1 }),
        request(4, {}),
        request(5, { answer: 'not waited for', responseBytes: null }),
        request(6, {
          api: 'Metadata',
          asked: 'all',
          answer: '',
          errorCodes: ['LEADER_NOT_AVAILABLE'],
          attempt: 2,
        }),
      ],
      undefined,
      [{ event: 'note', message: 'Seen from afar.' }],
    )
    expect(text.split('\n').map((line) => line.replace(/ {2,}/g, '  '))).toEqual([
      '',
      'Requests, in order:',
      '  1  h:1  connect  refused  2.0 ms',
      '  2  broker 0  Fetch 17  records of a-0 → 2 times  20 B out, 40 B in  2.0 ms',
      '  3  broker 1  Fetch 17  records of a-0 from 3 → a-0 3 B  10 B out, 20 B in  1.0 ms',
      '  5  broker 0  Fetch 17  records of a-0 from 5 → not waited for  10 B out  1.0 ms',
      '  6  broker 0  Metadata 17  all → LEADER_NOT_AVAILABLE; attempt 2  10 B out, 20 B in  1.0 ms',
      'Seen from afar.',
      '',
    ])
  })
})

it('--explain alone is text, and not a word behind --', () => {
  expect(withExplainForm(['a', '--explain', '-n', '1'])).toEqual(['a', '--explain=text', '-n', '1'])
  expect(withExplainForm(['--explain=json', '--', '--explain'])).toEqual([
    '--explain=json',
    '--',
    '--explain',
  ])
})

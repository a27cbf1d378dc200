/** Logs that no broker writes every day: for tools that must show whatever lies there. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Random } from '../../../src/base/random.ts'
import { encodeVersioned } from '../../../src/protocol/index.ts'
import * as internal from '../../../src/protocol/internal/index.ts'
import * as records from '../../../src/records/index.ts'

type Pair = readonly [key: Buffer | null, value: Buffer | null]

function batchOf(
  offset: number,
  pairs: readonly Pair[],
  options: Partial<records.BatchOptions> = {},
): Buffer {
  const builder = new records.BatchBuilder({ baseOffset: offset, partitionLeaderEpoch: 0, ...options })
  pairs.forEach(([key, value], i) => void builder.append(1_750_000_000_000 + i, key, value))
  return builder.build()
}

function writeLog(dir: string, batches: readonly Buffer[]): string {
  mkdirSync(dir, { recursive: true })
  const file = path.join(dir, '00000000000000000000.log')
  writeFileSync(file, Buffer.concat(batches))
  return file
}

/** Keys and values of any bytes, most of them no UTF-8. */
export function randomText(dir: string, random: Random): string {
  const bytes = (): Buffer => {
    const text = Buffer.from('aé漢😀\ud800 \u0000', 'utf8')
    const noise = random.bytes(1 + random.int(32))
    return random.int(2) === 0 ? Buffer.concat([text, noise]) : noise
  }
  const surrogates = [
    'eda080',
    'edbfbf',
    'eda0',
    'f4908080',
    'f0808080',
    'f0908080',
    'f09080',
    'c0af',
    'e08080',
    'f5',
  ]
  const fixed: Pair[] = surrogates.map((hex) => [Buffer.from(hex, 'hex'), Buffer.from(`${hex}41`, 'hex')])
  const pairs: Pair[] = Array.from({ length: 300 }, () => [bytes(), bytes()])
  return writeLog(dir, [batchOf(0, [...fixed, ...pairs])])
}

/** Transactions with up to 40 partitions: a set of Scala's has an order of its own. */
export function transactionState(dir: string): string {
  const key = encodeVersioned(internal.transactionLogKey, 0, { transactionalId: 'transfer "1"' })
  const values = [0, 1, 5, 11, 12, 13, 24, 25, 40].map((count, i) =>
    encodeVersioned(internal.transactionLogValue, i % 2, {
      producerId: 7,
      producerEpoch: 1,
      transactionTimeoutMs: 60_000,
      transactionStatus: i % 8,
      transactionPartitions: Array.from({ length: count }, (_, p) => ({
        topic: `topic-${p % 7}`,
        partitionIds: [p, p + 100],
      })),
      transactionLastUpdateTimestampMs: 1_750_000_000_000,
      transactionStartTimestampMs: 1_749_999_999_999,
    }),
  )
  const pairs: Pair[] = values.map((value) => [key, value])
  pairs.push([key, null], [Buffer.from([0, 9, 1, 2]), Buffer.from('x')])
  return writeLog(dir, [batchOf(0, pairs)])
}

/** Every type of record of `__consumer_offsets`, in all versions, and some that cannot be read. */
export function consumerOffsets(dir: string): string {
  const commitKey = encodeVersioned(internal.offsetCommitKey, 1, {
    group: 'g\u0001"é',
    topic: 't',
    partition: 3,
  })
  const commits: Pair[] = [0, 1, 2, 3, 4].map((version) => [
    commitKey,
    encodeVersioned(internal.offsetCommitValue, version, {
      offset: 5,
      metadata: 'm\u001f',
      commitTimestamp: 1_750_000_000_000,
      ...(version >= 3 && { leaderEpoch: 2 }),
      ...(version === 1 && { expireTimestamp: 9 }),
    }),
  ])
  const groupKey = encodeVersioned(internal.groupMetadataKey, 2, { group: 'classic' })
  const subscription = encodeVersioned(internal.consumerProtocolSubscription, 3, {
    topics: ['a'],
    rackId: 'r',
  })
  const newer = Buffer.from(subscription)
  newer.writeInt16BE(7, 0)
  const groups: Pair[] = [0, 1, 2, 3, 4].flatMap((version) =>
    ['consumer', 'connect'].map(
      (protocolType): Pair => [
        groupKey,
        encodeVersioned(internal.groupMetadataValue, version, {
          protocolType,
          generation: 4,
          protocol: null,
          leader: 'm1',
          members: [subscription, newer, Buffer.from('zz'), Buffer.alloc(0)].map((bytes, i) => ({
            memberId: `m${i}`,
            clientId: 'c',
            clientHost: '/h',
            sessionTimeout: 1,
            subscription: bytes,
            assignment: encodeVersioned(internal.consumerProtocolAssignment, 0, {
              assignedPartitions: [{ topic: 'a', partitions: [0, 1] }],
            }),
          })),
        }),
      ],
    ),
  )
  const unknown: Pair[] = [9, 15, -1].map((type) => [
    Buffer.from([type >> 8, type & 0xff, 0]),
    Buffer.from('x'),
  ])
  const broken: Pair[] = [
    [commitKey, null],
    [Buffer.from([0]), null],
    [commitKey, Buffer.from([0])],
    [commitKey, Buffer.from([0, 1, 0])],
    [Buffer.from([0, 1, 0, 4, 65]), null],
  ]
  return writeLog(dir, [batchOf(0, [...commits, ...groups, ...newGroups(), ...unknown, ...broken])])
}

function newGroups(): Pair[] {
  const id = { groupId: 'g', memberId: 'm' }
  const topicId = 'AAAAAAAAAAAAAAAAAAAAAQ'
  const assigned = [{ topicId, partitions: [1, 2] }]
  return [
    [
      encodeVersioned(internal.consumerGroupMetadataKey, 3, { groupId: 'g' }),
      encodeVersioned(internal.consumerGroupMetadataValue, 0, { epoch: 3 }),
    ],
    [
      encodeVersioned(internal.consumerGroupPartitionMetadataKey, 4, { groupId: 'g' }),
      encodeVersioned(internal.consumerGroupPartitionMetadataValue, 0, {
        topics: [{ topicId, topicName: 't', numPartitions: 2, partitionMetadata: [] }],
      }),
    ],
    [
      encodeVersioned(internal.consumerGroupMemberMetadataKey, 5, id),
      encodeVersioned(internal.consumerGroupMemberMetadataValue, 0, {
        clientId: 'c',
        clientHost: '/h',
        subscribedTopicNames: ['t'],
      }),
    ],
    [
      encodeVersioned(internal.consumerGroupTargetAssignmentMetadataKey, 6, { groupId: 'g' }),
      encodeVersioned(internal.consumerGroupTargetAssignmentMetadataValue, 0, { assignmentEpoch: 3 }),
    ],
    [
      encodeVersioned(internal.consumerGroupTargetAssignmentMemberKey, 7, id),
      encodeVersioned(internal.consumerGroupTargetAssignmentMemberValue, 0, { topicPartitions: assigned }),
    ],
    [
      encodeVersioned(internal.consumerGroupCurrentMemberAssignmentKey, 8, id),
      encodeVersioned(internal.consumerGroupCurrentMemberAssignmentValue, 0, {
        memberEpoch: 2,
        previousMemberEpoch: 1,
        state: 1,
        assignedPartitions: assigned,
      }),
    ],
  ]
}

/** The records of {@link consumerOffsets}, cut off everywhere. */
export function cutOffsets(dir: string): string {
  const whole = [...records.readAllRecords(readFileSync(consumerOffsets(dir)))]
  const cut: Pair[] = whole.flatMap(({ key, value }) => {
    if (key === null || value === null) return []
    const values = Array.from({ length: value.length }, (_, end): Pair => [key, value.subarray(0, end)])
    const keys = Array.from({ length: key.length }, (_, end): Pair => [key.subarray(0, end), null])
    return [...values, ...keys]
  })
  return writeLog(dir, [batchOf(0, cut)])
}

/** Markers, KRaft's control records, and types to come. */
export function controlBatches(dir: string): string {
  const control = { isControl: true, isTransactional: true, producerId: 5, producerEpoch: 2 }
  const key = (version: number, type: number) => Buffer.from([0, version, 0, type])
  const marker = Buffer.from([0, 0, 0, 0, 0, 9])
  const pairs: Pair[] = [
    [key(0, 0), marker],
    [key(0, 1), marker],
    [key(3, 1), Buffer.concat([Buffer.from([0, 2]), marker.subarray(2), marker])],
    [key(0, 2), Buffer.from([0, 0, 0, 0, 0, 1, 1, 1, 0])],
    [key(0, 3), internal.snapshotHeaderRecord.encodeBuffer(0, { lastContainedLogTimestamp: 12 })],
    [key(0, 4), internal.snapshotFooterRecord.encodeBuffer(0, {})],
    [key(0, 5), internal.kraftVersionRecord.encodeBuffer(0, { kRaftVersion: 1 })],
    [
      key(0, 6),
      internal.votersRecord.encodeBuffer(0, {
        voters: [
          {
            voterId: 1,
            endpoints: [{ name: 'C', host: 'h', port: 9 }],
            kRaftVersionFeature: { maxSupportedVersion: 1 },
          },
        ],
      }),
    ],
    [key(0, 77), null],
  ]
  return writeLog(
    dir,
    pairs.map((pair, i) => batchOf(i, [pair], control)),
  )
}

/** A delete horizon, numbers beyond 2^53, sequence numbers that start again, an unknown magic. */
export function oddBatches(dir: string): string {
  const plain = () =>
    batchOf(1, [
      [null, Buffer.from('v')],
      [Buffer.from('k'), null],
    ])
  const changed = (change: (batch: Buffer) => void): Buffer => {
    const batch = plain()
    change(batch)
    batch.writeUInt32BE(records.computeCrc(batch, 0), records.CRC_OFFSET)
    return batch
  }
  return writeLog(dir, [
    plain(),
    changed((batch) => batch.writeInt16BE(records.DELETE_HORIZON_MASK, records.ATTRIBUTES_OFFSET)),
    changed((batch) => batch.writeBigInt64BE(2n ** 62n + 1n, 0)),
    changed((batch) => batch.writeBigInt64BE(2n ** 63n - 1n, records.BASE_TIMESTAMP_OFFSET)),
    changed((batch) => batch.writeBigInt64BE(-(2n ** 60n) - 1n, records.MAX_TIMESTAMP_OFFSET)),
    changed((batch) => {
      batch.writeBigInt64BE(2n ** 55n + 1n, records.PRODUCER_ID_OFFSET)
      batch.writeInt32BE(0x7fffffff, records.BASE_SEQUENCE_OFFSET)
    }),
    changed((batch) => batch.writeInt16BE(records.TIMESTAMP_TYPE_MASK, records.ATTRIBUTES_OFFSET)),
    changed((batch) => {
      batch[records.MAGIC_OFFSET] = 3
    }),
  ])
}

/** A compressed message of format 1 that carries the time of the log. */
export function wrapperWithLogTime(dir: string, golden: string): string {
  const log = Buffer.from(readFileSync(golden))
  for (const at of records.batchStarts(log)) {
    log[at + 17] = (log[at + 17] ?? 0) | records.TIMESTAMP_TYPE_MASK
    log.writeUInt32BE(records.computeCrc(log, at), at + 12)
  }
  return writeLog(dir, [log])
}

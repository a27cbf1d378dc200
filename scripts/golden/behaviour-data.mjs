/** Records in and out: every function captures one file of cases. */

const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA'
const strangeId = 'c3RyYW5nZXN0cmFuZ2VyIQ'
const when = 1_750_000_000_000
const topic = (name, extra = {}) => ({
  name,
  numPartitions: 1,
  replicationFactor: 3,
  assignments: [],
  configs: [],
  ...extra,
})

async function makeTopic({ quiet, leaderOf, kafka }, name, extra = {}) {
  await quiet(19, 7, { topics: [topic(name, extra)], timeoutMs: 10_000, validateOnly: false })
  const leader = await leaderOf(name)
  return { leader: kafka.ports[leader], follower: kafka.ports[(leader + 1) % 3], leaderId: leader }
}

export async function produce(context) {
  const { ask, driver } = context
  const { leader, follower } = await makeTopic(context, 'produced')
  const batch = async (extra = {}) =>
    (await driver.call('records', { records: [{ timestamp: when, key: 'k', value: 'v' }], ...extra })).base64
  const body = (name, records, extra = {}, index = 0) => ({
    transactionalId: null,
    acks: -1,
    timeoutMs: 10_000,
    topicData: [{ name, partitionData: [{ index, records }] }],
    ...extra,
  })
  const one = (name, records, extra) => ask(name, 0, 9, body('produced', records, extra), leader)
  const good = await batch()
  await one('good', good)
  await one('acks 1', good, { acks: 1 })
  await one('acks 7', good, { acks: 7 })
  await ask('unknown topic (auto.create.topics.enable is on)', 0, 9, body('not-there', good), leader)
  await ask('unknown partition', 0, 9, body('produced', good, {}, 5), leader)
  await ask('negative partition', 0, 9, body('produced', good, {}, -1), leader)
  await ask('not the leader', 0, 9, body('produced', good), follower)
  await ask('invalid topic name', 0, 9, body('a/b', good), leader)
  await one('no topics', good, { topicData: [] })
  await one('null records', null)
  await one('empty records', '')
  await one('12 bytes of records', Buffer.alloc(12).toString('base64'))
  await one('zeros', Buffer.alloc(100).toString('base64'))
  const bytes = (base64, change) => {
    const copy = Buffer.from(base64, 'base64')
    return (change(copy) ?? copy).toString('base64')
  }
  await one(
    'wrong checksum',
    bytes(good, (b) => void b.writeUInt8(b.at(-1) ^ 1, b.length - 1)),
  )
  await one(
    'truncated batch',
    bytes(good, (b) => b.subarray(0, b.length - 3)),
  )
  await one(
    'length field too small',
    bytes(good, (b) => void b.writeInt32BE(5, 8)),
  )
  await one(
    'magic 3',
    bytes(good, (b) => void b.writeUInt8(3, 16)),
  )
  await one('magic 1 in version 9', await batch({ magic: 1 }))
  await one(
    'two batches',
    bytes(good, (b) => Buffer.concat([b, b])),
  )
  await one('base offset that is not zero', await batch({ baseOffset: 5 }))
  await ask('zstd in version 6', 0, 6, body('produced', await batch({ compression: 'zstd' })), leader)
  await ask('zstd in version 7', 0, 7, body('produced', await batch({ compression: 'zstd' })), leader)
  await ask('magic 2 in version 2', 0, 2, body('produced', good), leader)
  await one(
    'too large for max.message.bytes',
    await batch({ records: [{ timestamp: when, key: null, value: 'x'.repeat(1_048_576) }] }),
  )
  await one(
    'control batch from a client',
    bytes(good, (b) => crc(b, () => b.writeInt16BE(b.readInt16BE(21) | 0x20, 21))),
  )
  await one(
    'record count beyond the records',
    bytes(good, (b) => crc(b, () => b.writeInt32BE(2, 57))),
  )
  await one(
    'last offset delta that does not fit',
    bytes(good, (b) => crc(b, () => b.writeInt32BE(4, 23))),
  )
  await one(
    'unknown compression 6',
    bytes(good, (b) => crc(b, () => b.writeInt16BE(6, 21))),
  )
  await one(
    'timestamp far in the future',
    await batch({ records: [{ timestamp: Date.now() + 7_200_000, key: 'k', value: 'v' }] }),
  )
  await one('timestamp -1', await batch({ records: [{ timestamp: -1, key: 'k', value: 'v' }] }))

  const idempotent = (extra) => batch({ producerId: 4_000_000, producerEpoch: 0, baseSequence: 0, ...extra })
  const first = await idempotent()
  await one('idempotent: first batch of a producer, sequence 0', first)
  await one('idempotent: the same batch again', first)
  await one('idempotent: sequence 1', await idempotent({ baseSequence: 1 }))
  await one('idempotent: a gap (sequence 5)', await idempotent({ baseSequence: 5 }))
  await one(
    'idempotent: a producer that starts with sequence 3',
    await idempotent({ producerId: 4_000_001, baseSequence: 3 }),
  )
  await one('idempotent: higher epoch, sequence 0', await idempotent({ producerEpoch: 1 }))
  await one('idempotent: higher epoch, sequence 9', await idempotent({ producerEpoch: 2, baseSequence: 9 }))
  await one('idempotent: old epoch', await idempotent({ baseSequence: 2 }))
  await one(
    'idempotent: two batches in one request',
    bytes(await idempotent({ producerId: 4_000_002 }), (b) => Buffer.concat([b, b])),
  )
  await one(
    'idempotent: producer id without sequence',
    bytes(await idempotent({ producerId: 4_000_003 }), (b) => crc(b, () => b.writeInt32BE(-1, 53))),
  )
  await one(
    'transactional batch without a transaction',
    await idempotent({ producerId: 4_000_004, transactional: true }),
    { transactionalId: 'nobody' },
  )

  const compacted = await makeTopic(context, 'produced-compacted', {
    configs: [{ name: 'cleanup.policy', value: 'compact' }],
  })
  const noKey = await batch({
    records: [
      { timestamp: when, key: 'k', value: 'v' },
      { timestamp: when, key: null, value: 'v' },
    ],
  })
  await ask(
    'compacted topic, record without a key',
    0,
    9,
    body('produced-compacted', noKey),
    compacted.leader,
  )
  const append = await makeTopic(context, 'produced-append-time', {
    configs: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }],
  })
  await ask('log append time', 0, 9, body('produced-append-time', good), append.leader)
  const small = await makeTopic(context, 'produced-small', {
    replicationFactor: 2,
    configs: [{ name: 'min.insync.replicas', value: '3' }],
  })
  await ask('min.insync.replicas above the replica count', 0, 9, body('produced-small', good), small.leader)
  const strict = await makeTopic(context, 'produced-strict', {
    configs: [{ name: 'min.insync.replicas', value: '3' }],
  })
  // A controlled shutdown leaves the in-sync set at once.
  const away = [0, 1, 2].find((id) => id !== strict.leaderId && id !== context.controllerId)
  await context.kafka.stopBroker(away)
  await ask('too few in-sync replicas, acks all', 0, 9, body('produced-strict', good), strict.leader)
  await ask(
    'too few in-sync replicas, acks 1',
    0,
    9,
    body('produced-strict', good, { acks: 1 }),
    strict.leader,
  )
  await context.kafka.startBroker(away)
}

/** Changes a batch and repairs its CRC-32C. */
function crc(batch, change) {
  change()
  let value = ~0
  for (const byte of batch.subarray(21)) {
    value ^= byte
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0x82f63b78 : value >>> 1
  }
  batch.writeUInt32BE(~value >>> 0, 17)
}

export async function fetch(context) {
  const { ask, driver, metadata, quiet } = context
  const { leader, follower } = await makeTopic(context, 'fetched', { numPartitions: 1 })
  for (let i = 0; i < 3; i++) {
    const { base64 } = await driver.call('records', {
      records: [
        { timestamp: when + i, key: 'k', value: `v${i}` },
        { timestamp: when + i, key: 'k', value: `w${i}` },
      ],
    })
    await quiet(
      0,
      9,
      {
        transactionalId: null,
        acks: -1,
        timeoutMs: 10_000,
        topicData: [{ name: 'fetched', partitionData: [{ index: 0, records: base64 }] }],
      },
      leader,
    )
  }
  const { topics } = await metadata(['fetched'])
  const { topicId } = topics[0]
  const body = (offset, partition = {}, extra = {}, id = topicId) => ({
    replicaId: -1,
    maxWaitMs: 200,
    minBytes: 1,
    maxBytes: 1 << 20,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [
      {
        topic: 'fetched',
        topicId: id,
        partitions: [
          {
            partition: 0,
            currentLeaderEpoch: -1,
            fetchOffset: offset,
            lastFetchedEpoch: -1,
            logStartOffset: -1,
            partitionMaxBytes: 1 << 20,
            ...partition,
          },
        ],
      },
    ],
    forgottenTopicsData: [],
    rackId: '',
    ...extra,
  })
  const one = (name, ...rest) => ask(name, 1, 16, body(...rest), leader)
  // A follower hears of the high watermark with its next fetch.
  for (let i = 0; i < 50; i++) {
    const { responses } = await quiet(1, 16, body(0), follower)
    if (responses[0].partitions[0].highWatermark === 6) break
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
  await one('from the start', 0)
  await one('in the middle of a batch: the whole batch comes', 3)
  await one('at the end: empty after maxWaitMs', 6)
  await one('beyond the end', 7)
  await one('negative offset', -1)
  await one('partitionMaxBytes 1: one whole batch all the same', 0, { partitionMaxBytes: 1 })
  await one('maxBytes 1: one whole batch all the same', 0, {}, { maxBytes: 1 })
  await one('maxBytes 0', 0, {}, { maxBytes: 0 })
  await one('unknown partition', 0, { partition: 4 })
  await one('unknown topic id', 0, {}, {}, strangeId)
  await one('topic id of zeros', 0, {}, {}, zeroId)
  await ask(
    'version 12, unknown topic',
    1,
    12,
    { ...body(0), topics: [{ ...body(0).topics[0], topic: 'nowhere' }] },
    leader,
  )
  await ask('not the leader', 1, 16, body(0), follower)
  await one('current leader epoch too new', 0, { currentLeaderEpoch: 9 })
  await one('current leader epoch too old', 0, { currentLeaderEpoch: -2 })
  await one('last fetched epoch 0 at offset 2', 2, { lastFetchedEpoch: 0, currentLeaderEpoch: 0 })
  await one('last fetched epoch 0 beyond the end', 99, { lastFetchedEpoch: 0, currentLeaderEpoch: 0 })
  await one('last fetched epoch 5 (unknown to the leader)', 2, { lastFetchedEpoch: 5, currentLeaderEpoch: 0 })
  await one('as replica 77', 0, {}, { replicaState: { replicaId: 77, replicaEpoch: -1 } })
  await one('read committed', 0, {}, { isolationLevel: 1 })
  await one('session id without a session', 0, {}, { sessionId: 999, sessionEpoch: 1 })
  const session = await one('session: full request with epoch 0', 0, {}, { sessionEpoch: 0 })
  await one('session: next epoch', 6, {}, { sessionId: session.sessionId, sessionEpoch: 1 })
  await one(
    'session: nothing new, no partitions',
    0,
    {},
    { sessionId: session.sessionId, sessionEpoch: 2, topics: [] },
  )
  await one('session: wrong epoch', 0, {}, { sessionId: session.sessionId, sessionEpoch: 9, topics: [] })
  await one(
    'session: closed with epoch -1',
    0,
    {},
    { sessionId: session.sessionId, sessionEpoch: -1, topics: [] },
  )
  await one(
    'session: used after it was closed',
    0,
    {},
    { sessionId: session.sessionId, sessionEpoch: 3, topics: [] },
  )
  await ask('version 17 with a zero directory id', 1, 17, body(0), leader)
}

/** On the topic that `fetch` made: functions run in the order of their names. */
export async function offsets(context) {
  const { ask } = context
  const leaderId = await context.leaderOf('fetched')
  const leader = context.kafka.ports[leaderId]
  const follower = context.kafka.ports[(leaderId + 1) % 3]
  const list = (timestamp, partition = {}, name = 'fetched', extra = {}) => ({
    replicaId: -1,
    isolationLevel: 0,
    topics: [
      {
        name,
        partitions: [
          { partitionIndex: 0, currentLeaderEpoch: -1, timestamp, maxNumOffsets: 1, ...partition },
        ],
      },
    ],
    ...extra,
  })
  const one = (name, ...rest) => ask(name, 2, 9, list(...rest), leader)
  await one('latest', -1)
  await one('earliest', -2)
  await one('max timestamp', -3)
  await one('earliest local', -4)
  await one('latest tiered', -5)
  await one('timestamp -7', -7)
  await one('timestamp before all', 0)
  await one('timestamp of a record', when + 1)
  await one('timestamp after all', when + 1_000_000)
  await one('unknown topic', -1, {}, 'nowhere')
  await one('unknown partition', -1, { partitionIndex: 8 })
  await one('invalid topic name', -1, {}, 'a/b')
  await one('leader epoch too new', -1, { currentLeaderEpoch: 9 })
  await one('the same partition twice', -1, {}, 'fetched', {
    topics: [
      {
        name: 'fetched',
        partitions: [0, 0].map((partitionIndex) => ({
          partitionIndex,
          currentLeaderEpoch: -1,
          timestamp: -1,
          maxNumOffsets: 1,
        })),
      },
    ],
  })
  await one('as a debugging consumer (replica -2)', -1, {}, 'fetched', { replicaId: -2 })
  await ask('not the leader', 2, 9, list(-1), follower)
  await ask('version 0, latest, 5 offsets', 2, 0, list(-1, { maxNumOffsets: 5 }), leader)

  const epochs = (leaderEpoch, currentLeaderEpoch = -1, name = 'fetched') => ({
    replicaId: -1,
    topics: [{ topic: name, partitions: [{ partition: 0, currentLeaderEpoch, leaderEpoch }] }],
  })
  await ask('epoch: current', 23, 4, epochs(0), leader)
  await ask('epoch: unknown, higher', 23, 4, epochs(7), leader)
  await ask('epoch: -1', 23, 4, epochs(-1), leader)
  await ask('epoch: current leader epoch too new', 23, 4, epochs(0, 9), leader)
  await ask('epoch: unknown topic', 23, 4, epochs(0, -1, 'nowhere'), leader)
  await ask('epoch: not the leader', 23, 4, epochs(0), follower)

  const trim = (offset, name = 'fetched', partitionIndex = 0) => ({
    topics: [{ name, partitions: [{ partitionIndex, offset }] }],
    timeoutMs: 10_000,
  })
  await ask('delete records: beyond the high watermark', 21, 2, trim(7), leader)
  await ask('delete records: unknown topic', 21, 2, trim(1, 'nowhere'), leader)
  await ask('delete records: unknown partition', 21, 2, trim(1, 'fetched', 3), leader)
  await ask('delete records: not the leader', 21, 2, trim(1), follower)
  await ask('delete records: offset -5', 21, 2, trim(-5), leader)
  await ask('delete records: up to 3', 21, 2, trim(3), leader)
  await ask('delete records: below the start', 21, 2, trim(1), leader)
  await ask('delete records: -1 is the high watermark', 21, 2, trim(-1), leader)
  await one('earliest after deletion', -2)
  const compacted = await makeTopic(context, 'kept', {
    configs: [{ name: 'cleanup.policy', value: 'compact' }],
  })
  await ask('delete records: compacted topic', 21, 2, trim(0, 'kept'), compacted.leader)
}

export async function coordination({ ask }) {
  const find = (keyType, ...coordinatorKeys) => ({ key: coordinatorKeys[0], keyType, coordinatorKeys })
  await ask('group, the first time (the topic is being made)', 10, 4, find(0, 'g'))
  await ask('unknown key type', 10, 4, find(9, 'g'))
  await ask('empty key', 10, 4, find(0, ''))
  await ask('no keys', 10, 4, { keyType: 0, coordinatorKeys: [] })
  await ask('version 3, unknown key type', 10, 3, find(9, 'g'))
  const init = (extra) => ({
    transactionalId: null,
    transactionTimeoutMs: 60_000,
    producerId: -1,
    producerEpoch: -1,
    ...extra,
  })
  await ask('producer id: empty transactional id', 22, 4, init({ transactionalId: '' }))
  await ask('producer id: timeout 0', 22, 4, init({ transactionalId: 't', transactionTimeoutMs: 0 }))
  await ask('producer id: producer id without epoch', 22, 4, init({ producerId: 5 }))
  await ask('producer id: not idempotent only, epoch without id', 22, 4, init({ producerEpoch: 5 }))
  await ask('log dirs: unknown topic', 35, 4, { topics: [{ topic: 'nowhere', partitions: [0] }] })
  await ask('log dirs: no topics', 35, 4, { topics: [] })
  await ask('cluster', 60, 1, { includeClusterAuthorizedOperations: false, endpointType: 1 })
}

const timestamp = 1_750_000_000_000
const fullRecords = [
  {
    timestamp,
    key: 'key-0',
    value: 'value-0',
    headers: [
      ['h', 'x'],
      ['none', null],
    ],
  },
  { timestamp: timestamp + 1, key: null, value: 'value-1', headers: [] },
  { timestamp: timestamp + 2, key: 'key-2', value: null, headers: [] },
]

export async function records({ one, all, driver, versionsOf }) {
  const batch = async (magic, extra = {}) =>
    (
      await driver.call('records', {
        magic,
        records: magic === 2 ? fullRecords : fullRecords.slice(0, 2),
        ...extra,
      })
    ).base64
  const produceTo = (name, index, base64, acks = -1) => ({
    transactionalId: null,
    acks,
    timeoutMs: 10_000,
    topicData: [{ name, partitionData: [{ index, records: base64 }] }],
  })
  await all(0, async (v) => produceTo('orders', 0, await batch(v < 2 ? 0 : v === 2 ? 1 : 2)))
  await one(0, 9, produceTo('nowhere', 0, await batch(2)), { variant: 'unknown-topic' })
  await one(0, 11, produceTo('orders', 0, await batch(2), 2), { variant: 'invalid-acks' })
  for (const compression of ['gzip', 'snappy', 'lz4', 'zstd'])
    await one(0, 9, produceTo('orders', 0, await batch(2, { compression })), { variant: compression })
  const corrupt = Buffer.from(await batch(2), 'base64')
  corrupt[corrupt.length - 1] ^= 0xff
  await one(0, 9, produceTo('orders', 0, corrupt.toString('base64')), { variant: 'corrupt' })
  const { topics } = await one(
    3,
    12,
    {
      topics: [{ name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    },
    { store: false },
  )
  const fetch = (offset, extra = {}) => ({
    replicaId: -1,
    maxWaitMs: 100,
    minBytes: 1,
    maxBytes: 1 << 20,
    isolationLevel: 0,
    sessionId: 0,
    sessionEpoch: -1,
    topics: [
      {
        topic: 'orders',
        topicId: topics[0].topicId,
        partitions: [
          {
            partition: 0,
            currentLeaderEpoch: -1,
            fetchOffset: offset,
            lastFetchedEpoch: -1,
            logStartOffset: -1,
            partitionMaxBytes: 1024,
          },
        ],
      },
    ],
    forgottenTopicsData: [],
    rackId: '',
    ...extra,
  })
  // Small answers in the old versions too: they are converted down, which drops what does not fit.
  await all(1, () => fetch(0))
  await one(1, 12, fetch(10_000), { variant: 'out-of-range' })
  await one(
    1,
    12,
    fetch(0, {
      topics: [
        {
          topic: 'nowhere',
          partitions: [
            {
              partition: 0,
              currentLeaderEpoch: -1,
              fetchOffset: 0,
              lastFetchedEpoch: -1,
              logStartOffset: -1,
              partitionMaxBytes: 1024,
            },
          ],
        },
      ],
    }),
    { variant: 'unknown-topic' },
  )
  for (const v of [7, 12, 13, 17]) {
    const session = await one(1, v, fetch(0, { sessionEpoch: 0 }), { variant: 'session-start' })
    await one(1, v, fetch(0, { sessionId: session.sessionId, sessionEpoch: 1, topics: [] }), {
      variant: 'session-next',
    })
  }
  await one(1, 17, fetch(0, { sessionId: 12345, sessionEpoch: 3 }), { variant: 'unknown-session' })
  for (const [variant, time] of [
    ['', -1],
    ['earliest', -2],
    ['by-time', timestamp + 1],
    ['max-time', -3],
  ]) {
    const body = (v) => ({
      replicaId: -1,
      isolationLevel: 0,
      topics: [
        {
          name: 'orders',
          partitions: [
            { partitionIndex: 0, currentLeaderEpoch: -1, timestamp: time, maxNumOffsets: 10 },
            { partitionIndex: 5, currentLeaderEpoch: -1, timestamp: time, maxNumOffsets: 1 },
          ],
        },
      ],
      timeoutMs: 1000,
      version: v,
    })
    for (const v of versionsOf.get(2)) if (time !== -3 || v >= 7) await one(2, v, body(v), { variant })
  }
  await all(23, () => ({
    replicaId: -1,
    topics: [
      {
        topic: 'orders',
        partitions: [
          { partition: 0, currentLeaderEpoch: -1, leaderEpoch: 0 },
          { partition: 7, currentLeaderEpoch: -1, leaderEpoch: 0 },
        ],
      },
    ],
  }))
  await all(21, (v) => ({
    topics: [
      {
        name: 'orders',
        partitions: [
          { partitionIndex: 0, offset: v },
          { partitionIndex: 9, offset: 0 },
        ],
      },
    ],
    timeoutMs: 10_000,
  }))
  await one(
    21,
    2,
    { topics: [{ name: 'orders', partitions: [{ partitionIndex: 0, offset: 100_000 }] }], timeoutMs: 10_000 },
    { variant: 'out-of-range' },
  )
}

export async function transactions({ one, all, driver, versionsOf }) {
  await all(22, (v) => ({
    transactionalId: null,
    transactionTimeoutMs: 60_000,
    producerId: -1,
    producerEpoch: v >= 3 ? -1 : 0,
  }))
  for (let i = 0; i < 50; i++) {
    const { coordinators } = await one(
      10,
      4,
      { key: '', keyType: 1, coordinatorKeys: ['txn-0'] },
      { store: i === 0, variant: i === 0 ? 'transaction-starting' : undefined },
    )
    if (coordinators[0].errorCode === 0) break
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  await one(10, 4, { key: '', keyType: 1, coordinatorKeys: ['txn-0'] }, { variant: 'transaction' })
  const partitions = [{ name: 'orders', partitions: [0] }]
  for (const v of [0, 1, 2, 3, 4, 5]) {
    const transactionalId = `txn-${v}`
    const init = () =>
      one(
        22,
        Math.min(v, 5),
        { transactionalId, transactionTimeoutMs: 60_000, producerId: -1, producerEpoch: -1 },
        { variant: 'transactional' },
      )
    let identity = await init()
    for (let i = 0; i < 50 && identity.errorCode !== 0; i++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      identity = await init()
    }
    const { producerId, producerEpoch } = identity
    const who = { transactionalId, producerId, producerEpoch }
    // From version 4 on only brokers send it, and only they may.
    await one(24, v, {
      v3AndBelowTransactionalId: transactionalId,
      v3AndBelowProducerId: producerId,
      v3AndBelowProducerEpoch: producerEpoch,
      v3AndBelowTopics: partitions,
      transactions: [{ ...who, verifyOnly: false, topics: partitions }],
    })
    const { base64 } = await driver.call('records', {
      magic: 2,
      transactional: true,
      producerId,
      producerEpoch,
      baseSequence: 0,
      records: fullRecords,
    })
    const produced = {
      transactionalId,
      acks: -1,
      timeoutMs: 10_000,
      topicData: [{ name: 'orders', partitionData: [{ index: 0, records: base64 }] }],
    }
    await one(0, 6 + v, produced, { variant: 'transactional' })
    if (v <= versionsOf.get(25).at(-1)) {
      await one(25, v, { ...who, groupId: 'txn-group' })
      await one(28, v, {
        ...who,
        groupId: 'txn-group',
        generationId: -1,
        memberId: '',
        groupInstanceId: null,
        topics: [
          {
            name: 'orders',
            partitions: [
              { partitionIndex: 0, committedOffset: 1, committedLeaderEpoch: 0, committedMetadata: null },
            ],
          },
        ],
      })
      await one(
        61,
        0,
        {
          topics: [
            { name: 'orders', partitionIndexes: [0] },
            { name: 'nowhere', partitionIndexes: [0] },
          ],
        },
        { variant: v === 0 ? undefined : `open-${v}`, store: v < 2 },
      )
      await one(65, 0, { transactionalIds: [transactionalId, 'nobody'] }, { store: v === 0 })
      await one(
        66,
        Math.min(v, 1),
        { stateFilters: [], producerIdFilters: [], durationFilter: -1 },
        { store: v < 2 },
      )
      await one(26, v, { ...who, committed: v % 2 === 0 })
    } else await one(26, 4, { ...who, committed: true }, { store: false })
  }
  await one(
    22,
    4,
    { transactionalId: 'txn-0', transactionTimeoutMs: 99_999_999, producerId: -1, producerEpoch: -1 },
    { variant: 'timeout-too-large' },
  )
  await one(
    24,
    3,
    {
      v3AndBelowTransactionalId: 'txn-0',
      v3AndBelowProducerId: 4_999,
      v3AndBelowProducerEpoch: 0,
      v3AndBelowTopics: partitions,
    },
    { variant: 'wrong-producer' },
  )
}

import { describe, expect, test } from 'vitest'
import { validateTopicName } from '../../../src/broker/topic-names.ts'
import { createRequest, eventually, TestCluster, turn } from './support.ts'

const outcome = (
  result: { errorCode?: number | undefined; errorMessage?: string | null | undefined } | undefined,
) => [result?.errorCode, result?.errorMessage]

describe('creation', () => {
  test('topics of one request with the same configuration share its description', async () => {
    const cluster = await TestCluster.open(3)
    const wish = (name: string, value: string) =>
      createRequest(name, { configs: [{ name: 'retention.ms', value }] }).topics
    const topics = [...wish('a', '60000'), ...wish('b', '60000'), ...wish('c', '1')]
    const [a, b, c] = await cluster.active.admin.createTopics({ ...createRequest('a'), topics })
    expect(a?.configs).toBe(b?.configs)
    expect([...(a?.configs ?? [])]).toMatchObject([{ name: 'retention.ms', value: '60000' }])
    expect([...(c?.configs ?? [])]).toMatchObject([{ name: 'retention.ms', value: '1' }])
  })

  test('writes the znodes that Kafka writes, and answers when all partitions have leaders', async () => {
    const cluster = await TestCluster.open(3)
    const request = createRequest('facts', {
      numPartitions: 2,
      replicationFactor: 3,
      configs: [{ name: 'retention.ms', value: '60000' }],
    })
    const [result] = await cluster.active.admin.createTopics(request)
    expect(result).toMatchObject({
      name: 'facts',
      errorCode: 0,
      errorMessage: null,
      numPartitions: 2,
      replicationFactor: 3,
    })
    expect([...(result?.configs ?? [])]).toMatchObject([{ name: 'retention.ms', value: '60000' }])
    const topic = await cluster.json('/brokers/topics/facts')
    expect(topic.topic_id).toBe(result?.topicId)
    expect(Object.keys(topic)).toEqual([
      'partitions',
      'topic_id',
      'adding_replicas',
      'removing_replicas',
      'version',
    ])
    expect(await cluster.text('/config/topics/facts')).toBe('{"version":1,"config":{"retention.ms":"60000"}}')
    const replicas = topic.partitions['1']
    expect(await cluster.text('/brokers/topics/facts/partitions/1/state')).toBe(
      `{"controller_epoch":1,"leader":${replicas[0]},"version":1,"leader_epoch":0,"isr":[${replicas}]}`,
    )
    const { data } = await cluster.client.getData('/brokers/topics/facts/partitions/0')
    expect(data).toBeNull()
    await turn()
    for (const id of [0, 1, 2]) {
      const { cache } = cluster.broker(id)
      expect(cache.partition('facts', 1)).toMatchObject({
        leader: replicas[0],
        leaderEpoch: 0,
        isr: replicas,
      })
      expect(cache.topicId('facts')).toBe(result?.topicId)
      const leaderAndIsr = cluster.broker(id).requests('LeaderAndIsr').at(-1)!
      expect(leaderAndIsr.version).toBe(7)
      expect(leaderAndIsr.body.topicStates[0].partitionStates).toHaveLength(2)
      expect(leaderAndIsr.body.topicStates[0].partitionStates[0].isNew).toBe(true)
    }
  })

  test('refuses in Kafka’s words', async () => {
    const cluster = await TestCluster.open(3)
    const { admin } = cluster.active
    await cluster.createTopic('a.b', [[0]])
    await cluster.client.create('/admin/delete_topics/going', null)
    const create = async (...args: Parameters<typeof createRequest>) =>
      outcome((await admin.createTopics(createRequest(...args)))[0])
    expect(await create('a.b')).toEqual([36, "Topic 'a.b' already exists."])
    expect(await create('a_b')).toEqual([17, "Topic 'a_b' collides with existing topics: a.b"])
    expect(await create('t', { replicationFactor: 4 })).toEqual([
      38,
      'Replication factor: 4 larger than available brokers: 3.',
    ])
    expect(await create('t', { numPartitions: 0 })).toEqual([
      37,
      'Number of partitions must be larger than 0.',
    ])
    expect(await create('')).toEqual([17, 'Topic name is invalid: the empty string is not allowed'])
    expect(await create('a/b')).toEqual([
      17,
      "Topic name is invalid: 'a/b' contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'",
    ])
    expect(await create('t', { configs: [{ name: 'no.such', value: 'x' }] })).toEqual([
      40,
      'Unknown topic config name: no.such',
    ])
    expect(
      await create('t', {
        configs: [
          { name: 'a', value: null },
          { name: 'b', value: null },
        ],
      }),
    ).toEqual([40, 'Null value not supported for topic configs: a,b'])
    expect(await create('t', { assignments: [{ partitionIndex: 0, brokerIds: [0] }] })).toEqual([
      42,
      'Both numPartitions or replicationFactor and replicasAssignments were set. Both cannot be used at the same time.',
    ])
    expect(await create('__cluster_metadata')).toEqual([
      42,
      'Creation of internal topic __cluster_metadata is prohibited.',
    ])
    expect((await cluster.client.getChildren('/brokers/topics')).children).toEqual(['a.b'])
  })

  test('a topic that is being deleted is still there', async () => {
    const cluster = await TestCluster.open(2)
    await cluster.createTopic('t', [[0, 1]])
    await cluster.broker(1).die()
    await cluster.active.admin.deleteTopics(new Set(['t']), 0)
    await eventually(() => expect(cluster.active.cache.hasTopic('t')).toBe(false))
    const [result] = await cluster.active.admin.createTopics(createRequest('t'))
    expect(outcome(result)).toEqual([36, "Topic 't' is marked for deletion."])
  })

  test('names twice in one request, and those of a request with a collision inside', async () => {
    const cluster = await TestCluster.open(1)
    const one = createRequest('x').topics[0]!
    const topics = [one, one, { ...one, name: 'p.q' }, { ...one, name: 'p_q' }]
    const results = await cluster.active.admin.createTopics({ topics, timeoutMs: 1000, validateOnly: false })
    expect(results.map(outcome)).toEqual([
      [42, 'Found multiple entries for this topic.'],
      [42, 'Found multiple entries for this topic.'],
      [0, null],
      [17, "Topic 'p_q' collides with existing topics: p.q"],
    ])
  })

  test('validating only writes nothing', async () => {
    const cluster = await TestCluster.open(1)
    const before = cluster.server.lastZxid
    const request = createRequest('t', { numPartitions: -1, replicationFactor: -1 }, { validateOnly: true })
    const [result] = await cluster.active.admin.createTopics(request)
    expect(result).toMatchObject({ errorCode: 0, numPartitions: 1, replicationFactor: 1 })
    expect(result?.topicId).toBe('AAAAAAAAAAAAAAAAAAAAAA')
    expect(cluster.server.lastZxid).toBe(before)
  })

  test('only the controller creates', async () => {
    const cluster = await TestCluster.open(2)
    const [result] = await cluster.broker(1).admin.createTopics(createRequest('t'))
    expect(result).toEqual({ name: 't', errorCode: 41 })
    const [grown] = await cluster.broker(1).admin.createPartitions({
      topics: [{ name: 't', count: 2, assignments: null }],
      timeoutMs: 1,
      validateOnly: false,
    })
    expect(grown?.errorCode).toBe(41)
  })

  test('no time to wait, or not enough: REQUEST_TIMED_OUT, and the topic is made all the same', async () => {
    const cluster = await TestCluster.open(2)
    const { admin } = cluster.active
    const [hasty] = await admin.createTopics(createRequest('hasty', {}, { timeoutMs: 0 }))
    expect(outcome(hasty)).toEqual([7, null])
    expect(hasty).toMatchObject({ numPartitions: -1, configs: [] })
    const { topic_id: id } = await cluster.json('/brokers/topics/hasty')
    expect(hasty?.topicId).toBe(id)
    cluster.active.silentFor.add('UpdateMetadata')
    const waiting = admin.createTopics(createRequest('late', {}, { timeoutMs: 5000 }))
    await turn()
    await cluster.clock.advance(5000)
    expect(outcome((await waiting)[0])).toEqual([7, null])
    await eventually(async () => {
      expect((await cluster.client.getChildren('/brokers/topics')).children.sort()).toEqual(['hasty', 'late'])
    })
  })

  test('a replica on a broker that is down is not in the ISR', async () => {
    const cluster = await TestCluster.open(2)
    await cluster.createTopic('t', [[7, 1, 0]])
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 1, isr: [1, 0] })
    expect(cluster.active.cache.partition('t', 0)?.offlineReplicas).toEqual([7])
  })

  test('what a controller left half done is finished', async () => {
    const cluster = await TestCluster.open(1)
    await cluster.client.create(
      '/brokers/topics/t',
      Buffer.from('{"partitions":{"0":[0],"1":[0]},"version":3}'),
    )
    await eventually(() => expect(cluster.active.cache.topic('t')?.size).toBe(2))
    const { topic_id: id } = await cluster.json('/brokers/topics/t')
    expect(id).toMatch(/^[\w-]{22}$/)
    expect(cluster.active.cache.topicId('t')).toBe(id)
  })

  test('a thousand partitions of three replicas in one request', async () => {
    const cluster = await TestCluster.open(3)
    const request = createRequest('big', { numPartitions: 1000, replicationFactor: 3 }, { timeoutMs: 60_000 })
    const before = cluster.server.lastZxid
    const [result] = await cluster.active.admin.createTopics(request)
    expect(result?.errorCode).toBe(0)
    // The topic with its configuration, and two batches of states.
    expect(cluster.server.lastZxid - before).toBe(3)
    expect(cluster.active.cache.topic('big')?.size).toBe(1000)
    expect(await cluster.state('big', 999)).toMatchObject({ leader_epoch: 0 })
  })
})

describe('names', () => {
  test.each([
    ['.', "Topic name is invalid: '.' is not allowed"],
    ['..', "Topic name is invalid: '..' is not allowed"],
    ['a b', /one or more characters other than/],
    ['x'.repeat(250), /is longer than the max allowed length 249$/],
  ])('%s', (name, message) => {
    expect(() => validateTopicName(name)).toThrow(message)
  })

  test('249 characters are fine', () => {
    expect(() => validateTopicName('x'.repeat(249))).not.toThrow()
  })
})

describe('deletion', () => {
  test('stops and deletes the replicas, then removes the znodes', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [
      [0, 1],
      [1, 2],
    ])
    const failures = await cluster.active.admin.deleteTopics(new Set(['t']), 10_000)
    expect(failures.size).toBe(0)
    await eventually(async () => {
      expect(await cluster.client.exists('/brokers/topics/t')).toBeNull()
      expect(await cluster.client.exists('/config/topics/t')).toBeNull()
      expect(await cluster.client.exists('/admin/delete_topics/t')).toBeNull()
    })
    for (const id of [0, 1, 2]) {
      expect(cluster.broker(id).cache.hasTopic('t')).toBe(false)
      const [stop, remove] = cluster.broker(id).requests('StopReplica').slice(-2)
      expect(stop!.version).toBe(4)
      const states = (request: typeof stop) => request!.body.topicStates[0].partitionStates
      expect(states(stop)[0]).toMatchObject({ deletePartition: false, leaderEpoch: -2 })
      expect(states(remove)[0]).toMatchObject({ deletePartition: true, leaderEpoch: -2 })
    }
    await cluster.createTopic('t', [[2]])
    expect(await cluster.state('t', 0)).toMatchObject({ leader: 2, leader_epoch: 0 })
  })

  test('waits for a broker that is down, and goes on when it is back', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [[0, 1, 2]])
    await cluster.broker(2).die()
    await cluster.active.admin.deleteTopics(new Set(['t']), 10_000)
    await turn()
    expect(await cluster.client.exists('/brokers/topics/t')).not.toBeNull()
    expect(cluster.broker(0).cache.hasTopic('t')).toBe(false)
    await cluster.start(2)
    await eventually(async () => expect(await cluster.client.exists('/brokers/topics/t')).toBeNull())
    expect(await cluster.client.exists('/admin/delete_topics/t')).toBeNull()
    const deleted = cluster.broker(2).requests('StopReplica').at(-1)!
    expect(deleted.body.topicStates[0].partitionStates[0].deletePartition).toBe(true)
  })

  test('a new controller finishes what the old one began', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [[1, 2]])
    cluster.broker(1).silentFor.add('StopReplica')
    await cluster.active.admin.deleteTopics(new Set(['t']), 10_000)
    await turn()
    cluster.broker(1).silentFor.clear()
    await cluster.broker(0).die()
    await eventually(async () => expect(await cluster.client.exists('/brokers/topics/t')).toBeNull())
  })

  test('a replica that a new controller cannot start any more, but delete, is deleted', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [[1, 2]])
    cluster.broker(1).silentFor.add('StopReplica')
    await cluster.active.admin.deleteTopics(new Set(['t']), 10_000)
    await turn()
    cluster.broker(1).silentFor.clear()
    // Its disk is full.
    cluster.broker(1).leaderAndIsrError = 56
    await cluster.broker(0).die()
    await eventually(async () => expect(await cluster.client.exists('/brokers/topics/t')).toBeNull())
  })

  test('a replica that cannot be deleted holds the topic up until its broker comes back', async () => {
    const cluster = await TestCluster.open(2)
    await cluster.createTopic('t', [[0, 1]])
    cluster.broker(1).stopReplicaError = 56
    await cluster.active.admin.deleteTopics(new Set(['t']), 10_000)
    await turn()
    expect(await cluster.client.exists('/brokers/topics/t')).not.toBeNull()
    await cluster.broker(1).die()
    await cluster.start(1)
    await eventually(async () => expect(await cluster.client.exists('/brokers/topics/t')).toBeNull())
  })

  test('of topics that do not exist: the wish is removed', async () => {
    const cluster = await TestCluster.open(1)
    expect([...(await cluster.active.admin.deleteTopics(new Set(['none']), 1000))]).toEqual([['none', 3]])
    await cluster.client.create('/admin/delete_topics/none', null)
    await eventually(async () => expect(await cluster.client.exists('/admin/delete_topics/none')).toBeNull())
  })

  test('switched off: the wish is removed, the topic stays', async () => {
    const cluster = await TestCluster.open([{ deleteTopicEnable: false }])
    await cluster.createTopic('t', [[0]])
    await cluster.client.create('/admin/delete_topics/t', null)
    await eventually(async () => expect(await cluster.client.exists('/admin/delete_topics/t')).toBeNull())
    expect(await cluster.client.exists('/brokers/topics/t')).not.toBeNull()
  })

  test('many at once', async () => {
    const cluster = await TestCluster.open(3)
    const names = Array.from({ length: 30 }, (_, index) => `t${index}`)
    for (const name of names) await cluster.createTopic(name, [[0, 1, 2]])
    expect((await cluster.active.admin.deleteTopics(new Set(names), 10_000)).size).toBe(0)
    await eventually(async () => {
      expect((await cluster.client.getChildren('/brokers/topics')).children).toEqual([])
      expect((await cluster.client.getChildren('/admin/delete_topics')).children).toEqual([])
    })
  })
})

describe('growth', () => {
  const grow = async (
    cluster: TestCluster,
    name: string,
    count: number,
    assignments: number[][] | null = null,
    validateOnly = false,
  ) => {
    const chosen = assignments?.map((brokerIds) => ({ brokerIds })) ?? null
    const request = { topics: [{ name, count, assignments: chosen }], timeoutMs: 10_000, validateOnly }
    return outcome((await cluster.active.admin.createPartitions(request))[0])
  }

  test('the new partitions follow the pattern of the first ones', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [[1, 2]])
    const before = await cluster.json('/brokers/topics/t')
    expect(await grow(cluster, 't', 3)).toEqual([0, null])
    const after = await cluster.json('/brokers/topics/t')
    expect(after.topic_id).toBe(before.topic_id)
    expect(after.partitions).toEqual({ 0: [1, 2], 1: [2, 1], 2: [0, 2] })
    expect(await cluster.state('t', 2)).toMatchObject({ leader: 0, isr: [0, 2] })
    expect(cluster.active.cache.topic('t')?.size).toBe(3)
  })

  test('by hand', async () => {
    const cluster = await TestCluster.open(3)
    await cluster.createTopic('t', [[1, 2]])
    expect(await grow(cluster, 't', 2, [[2, 0]])).toEqual([0, null])
    expect(await cluster.state('t', 1)).toMatchObject({ leader: 2, isr: [2, 0] })
    expect(await grow(cluster, 't', 3, [[2, 9]])).toEqual([39, 'Unknown broker(s) in replica assignment: 9.'])
  })

  test('refuses in Kafka’s words', async () => {
    const cluster = await TestCluster.open(1)
    await cluster.createTopic('t', [[0], [0]])
    expect(await grow(cluster, 't', 2)).toEqual([37, 'Topic already has 2 partitions.'])
    expect(await grow(cluster, 't', 1)).toEqual([
      37,
      'Topic currently has 2 partitions, which is higher than the requested 1.',
    ])
    expect(await grow(cluster, 'none', 3)).toEqual([3, "The topic 'none' does not exist."])
    expect(await grow(cluster, 'no/name', 3)).toEqual([3, "The topic 'no/name' does not exist."])
    expect(await grow(cluster, 't', 3, null, true)).toEqual([0, null])
    expect(cluster.active.cache.topic('t')?.size).toBe(2)
    const topics = ['t', 'u', 't'].map((name) => ({ name, count: 5, assignments: null }))
    const request = { topics, timeoutMs: 1000, validateOnly: false }
    const results = await cluster.active.admin.createPartitions(request)
    expect(results.map((each) => [each.name, ...outcome(each)])).toEqual([
      ['u', 3, "The topic 'u' does not exist."],
      ['t', 42, 'Duplicate topic in request.'],
    ])
  })

  test('two requests at once do not both add', async () => {
    const cluster = await TestCluster.open(1)
    await cluster.createTopic('t', [[0]])
    const results = await Promise.all([grow(cluster, 't', 2), grow(cluster, 't', 2)])
    expect(results).toEqual([
      [0, null],
      [37, 'Topic already has 2 partitions.'],
    ])
  })

  test('a topic that is being deleted gets no more partitions', async () => {
    const cluster = await TestCluster.open(2)
    await cluster.createTopic('t', [[0, 1]])
    await cluster.broker(1).die()
    await cluster.active.admin.deleteTopics(new Set(['t']), 10_000)
    expect(await grow(cluster, 't', 2)).toEqual([17, 'The topic is queued for deletion.'])
    const { topic_id: id } = await cluster.json('/brokers/topics/t')
    const more = `{"partitions":{"0":[0,1],"1":[0,1]},"topic_id":"${id}","adding_replicas":{},"removing_replicas":{},"version":3}`
    await cluster.client.setData('/brokers/topics/t', Buffer.from(more))
    await eventually(async () => {
      expect((await cluster.json('/brokers/topics/t')).partitions).toEqual({ 0: [0, 1] })
    })
  })
})

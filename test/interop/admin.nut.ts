import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { systemRandom } from '../../src/base/random.ts'
import { Admin, type ClientOptions, Connection } from '../../src/client/index.ts'
import { produce } from '../../src/protocol/messages/00-produce.ts'
import { findCoordinator } from '../../src/protocol/messages/10-find-coordinator.ts'
import { initProducerId } from '../../src/protocol/messages/22-init-producer-id.ts'
import { addPartitionsToTxn } from '../../src/protocol/messages/24-add-partitions-to-txn.ts'
import { BatchBuilder } from '../../src/records/index.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { createKcliHome, type KcliCluster, type KcliHome, startKcliCluster } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

function optionsFor(bootstrap: string): ClientOptions {
  const addresses = bootstrap.split(',').map((address) => {
    const [host = '', port = ''] = address.split(':')
    return { kind: 'tcp' as const, host, port: Number(port) }
  })
  const network = createNodeNetwork(systemClock)
  return { bootstrap: addresses, network, clock: systemClock, random: systemRandom }
}

describeInterop("the admin's calls against Apache Kafka 3.9.1 with an authorizer", ['kafka'], () => {
  let kafka: KafkaCluster
  let admin: Admin

  beforeAll(async () => {
    kafka = await startKafka({
      brokers: 3,
      config: {
        'authorizer.class.name': 'kafka.security.authorizer.AclAuthorizer',
        'super.users': 'User:ANONYMOUS',
        'delegation.token.secret.key': 'a secret of this test',
        // So that a transaction can be left hanging.
        'transaction.partition.verification.enable': 'false',
      },
    })
    admin = new Admin(optionsFor(kafka.bootstrap))
    await admin.createTopics([
      { name: 'plain', numPartitions: 2, replicationFactor: 3 },
      { name: 'hanging', numPartitions: 1, replicationFactor: 3 },
    ])
  })

  afterAll(async () => {
    await admin?.close()
    await kafka?.stop()
  })

  it('ACLs: made, found by filters, deleted', async () => {
    const read = {
      resourceType: 'TOPIC',
      resourceName: 'plain',
      patternType: 'LITERAL',
      principal: 'User:alice',
      host: '*',
      operation: 'READ',
      permissionType: 'ALLOW',
    } as const
    const write = {
      ...read,
      resourceName: 'pl',
      patternType: 'PREFIXED',
      operation: 'WRITE',
      permissionType: 'DENY',
    } as const
    const nonsense = { ...read, resourceType: 'CLUSTER', resourceName: 'no cluster' } as const
    const made = await admin.createAcls([read, write, nonsense])
    expect(made.map(({ error }) => error?.errorName)).toEqual([undefined, undefined, 'INVALID_REQUEST'])
    expect(made[0]?.name).toBe('ALLOW User:alice from *: READ on TOPIC plain (LITERAL)')
    // Other brokers hear of it a moment later.
    await expect.poll(async () => (await admin.describeAcls()).length).toBe(2)
    expect(await admin.describeAcls({ permissionType: 'DENY' })).toEqual([write])
    const matching = await admin.describeAcls({
      resourceType: 'TOPIC',
      resourceName: 'plain',
      patternType: 'MATCH',
    })
    expect(matching).toHaveLength(2)
    expect(await admin.deleteAcls([{ principal: 'User:alice' }, { principal: 'User:nobody' }])).toMatchObject(
      [
        {
          error: null,
          deleted: expect.arrayContaining([
            { ...read, error: null },
            { ...write, error: null },
          ]),
        },
        { error: null, deleted: [] },
      ],
    )
    await expect.poll(() => admin.describeAcls()).toEqual([])
  })

  it('says what may be done', async () => {
    const { authorizedOperations } = await admin.describeCluster({ includeAuthorizedOperations: true })
    expect(authorizedOperations).toEqual(expect.arrayContaining(['ALTER', 'CLUSTER_ACTION', 'CREATE']))
    expect((await admin.describeCluster()).authorizedOperations).toBeNull()
    const [topic] = await admin.describeTopics(['plain'], { includeAuthorizedOperations: true })
    expect(topic?.authorizedOperations).toEqual(
      expect.arrayContaining(['READ', 'WRITE', 'DELETE', 'ALTER_CONFIGS']),
    )
    expect(topic?.partitions).toHaveLength(2)
  })

  it('topics by their ids', async () => {
    const [created] = await admin.createTopics([{ name: 'by-id', numPartitions: 1, replicationFactor: 3 }])
    const topicId = created?.topicId ?? ''
    const none = 'AAAAAAAAAAAAAAAAAAAAAg'
    await expect.poll(() => admin.topicNames([topicId, none])).toEqual(new Map([[topicId, 'by-id']]))
    expect(await admin.deleteTopics({ topicIds: [topicId, none] })).toEqual(
      expect.arrayContaining([
        { name: 'by-id', error: null },
        { name: none, error: expect.objectContaining({ errorName: 'UNKNOWN_TOPIC_ID' }) },
      ]),
    )
  })

  it('places of offsets that came with tiered storage', async () => {
    const at = { topic: 'plain', partition: 0 }
    const offsetOf = async (spec: 'earliestLocal' | 'latestTiered') =>
      (await admin.listOffsets([{ ...at, spec }]))[0]?.offset
    expect(await offsetOf('earliestLocal')).toBe(0)
    expect(await offsetOf('latestTiered')).toBe(-1)
  })

  it('client quotas: set, found by filters, taken back', async () => {
    const alice = { user: 'alice', 'client-id': null }
    const values = { producer_byte_rate: 1000, consumer_byte_rate: 2000 }
    expect(
      await admin.alterClientQuotas([
        { entity: alice, values },
        { entity: { user: null }, values: { request_percentage: 50 } },
        { entity: { user: 'bob' }, values: { no_such_quota: 1 } },
      ]),
    ).toMatchObject([
      { name: 'user=alice,client-id=<default>', entity: alice, error: null },
      { error: null },
      { error: { errorName: 'INVALID_REQUEST' } },
    ])
    const of = (components: Parameters<Admin['describeClientQuotas']>[0]) =>
      admin.describeClientQuotas(components)
    await expect
      .poll(() => of({ components: { user: { name: 'alice' }, 'client-id': 'default' } }))
      .toEqual([{ entity: alice, values }])
    expect(await of({ components: { user: 'any' }, strict: true })).toEqual([
      { entity: { user: null }, values: { request_percentage: 50 } },
    ])
    await admin.alterClientQuotas([{ entity: alice, values: { producer_byte_rate: null } }], {
      validateOnly: true,
    })
    expect((await of({ components: { user: { name: 'alice' } } }))[0]?.values).toEqual(values)
    await admin.alterClientQuotas([{ entity: alice, values: { producer_byte_rate: null } }])
    await expect
      .poll(async () => (await of({ components: { user: { name: 'alice' } } }))[0]?.values)
      .toEqual({ consumer_byte_rate: 2000 })
  })

  it('SCRAM credentials: set, listed, deleted', async () => {
    const mechanism = 'SCRAM-SHA-256'
    expect(
      await admin.alterUserScramCredentials([
        { op: 'set', user: 'alice', mechanism, password: 'secret' },
        { op: 'set', user: 'bob', mechanism: 'SCRAM-SHA-512', password: 'secret', iterations: 8192 },
        { op: 'set', user: 'carol', mechanism, password: 'secret', iterations: 1 },
        { op: 'set', user: 'dave', mechanism, password: '' },
        { op: 'delete', user: 'erin', mechanism },
      ]),
    ).toEqual(
      expect.arrayContaining([
        { name: 'alice', error: null },
        { name: 'bob', error: null },
        { name: 'carol', error: expect.objectContaining({ errorName: 'UNACCEPTABLE_CREDENTIAL' }) },
        { name: 'dave', error: expect.objectContaining({ errorName: 'UNACCEPTABLE_CREDENTIAL' }) },
        { name: 'erin', error: expect.objectContaining({ errorName: 'RESOURCE_NOT_FOUND' }) },
      ]),
    )
    await expect
      .poll(async () =>
        (await admin.describeUserScramCredentials()).sort((a, b) => (a.name < b.name ? -1 : 1)),
      )
      .toEqual([
        { name: 'alice', error: null, credentials: [{ mechanism, iterations: 4096 }] },
        { name: 'bob', error: null, credentials: [{ mechanism: 'SCRAM-SHA-512', iterations: 8192 }] },
      ])
    expect(await admin.describeUserScramCredentials(['nobody'])).toMatchObject([
      { name: 'nobody', error: { errorName: 'RESOURCE_NOT_FOUND' } },
    ])
    await admin.alterUserScramCredentials([{ op: 'delete', user: 'alice', mechanism }])
    await expect
      .poll(async () => (await admin.describeUserScramCredentials()).map(({ name }) => name))
      .toEqual(['bob'])
  })

  it('delegation tokens are for those who have proved who they are', async () => {
    const refused = { errorName: 'DELEGATION_TOKEN_REQUEST_NOT_ALLOWED' }
    await expect(admin.createDelegationToken()).rejects.toMatchObject(refused)
    await expect(admin.renewDelegationToken(Buffer.from('x'))).rejects.toMatchObject(refused)
    await expect(admin.expireDelegationToken(Buffer.from('x'))).rejects.toMatchObject(refused)
    await expect(admin.describeDelegationTokens()).rejects.toMatchObject(refused)
  })

  it('features: none, and none can be had', async () => {
    expect(await admin.describeFeatures()).toMatchObject({ finalized: {} })
    expect(await admin.updateFeatures([{ feature: 'x', maxVersionLevel: 1 }])).toMatchObject([
      {
        name: 'x',
        error: { errorName: 'INVALID_REQUEST', message: expect.stringContaining('not supported') },
      },
    ])
  })

  it('levels of loggers, and configurations replaced as a whole', async () => {
    const logger = { type: 'brokerLogger', name: '1' } as const
    await admin.incrementalAlterConfigs([
      { resource: logger, operations: [{ op: 'set', name: 'kafka.log.LogCleaner', value: 'ERROR' }] },
    ])
    const [described] = await admin.describeConfigs([logger], { names: ['kafka.log.LogCleaner'] })
    expect(described?.resource).toEqual(logger)
    expect(described?.entries).toMatchObject([
      { name: 'kafka.log.LogCleaner', value: 'ERROR', source: 'DYNAMIC_BROKER_LOGGER_CONFIG' },
    ])
    const resource = { type: 'topic', name: 'plain' } as const
    const own = async () =>
      (await admin.describeConfigs([resource]))[0]?.entries
        .filter(({ source }) => source === 'DYNAMIC_TOPIC_CONFIG')
        .map(({ name, value }) => `${name}=${value}`)
        .sort()
    await admin.alterConfigs([{ resource, entries: { 'retention.ms': '1000', 'segment.ms': '500' } }])
    await expect.poll(own).toEqual(['retention.ms=1000', 'segment.ms=500'])
    await admin.alterConfigs([{ resource, entries: { 'segment.ms': '600' } }])
    await expect.poll(own).toEqual(['segment.ms=600'])
  })

  /** A producer with an open transaction; it says where its records went. */
  async function openTransaction(transactionalId: string, topic: string, isTold: boolean) {
    const { clock, network, bootstrap } = optionsFor(kafka.bootstrap)
    const open = (address: (typeof bootstrap)[number]) =>
      Connection.open(network, address, {
        clock,
        clientId: 'raw',
        connectTimeoutMs: 5000,
        requestTimeoutMs: 10_000,
      })
    const nodes = new Map(
      (await admin.describeCluster()).brokers.map(({ id, host, port }) => [id, { host, port }]),
    )
    const at = async (id: number) => {
      const { host, port } = nodes.get(id) ?? { host: '', port: 0 }
      return open({ kind: 'tcp', host, port })
    }
    const first = await open(bootstrap[0] as (typeof bootstrap)[number])
    const coordinatorId = await expect
      .poll(
        async () => {
          const request = { keyType: 1, coordinatorKeys: [transactionalId] }
          return (await first.send(findCoordinator, request)).coordinators[0]?.nodeId
        },
        { timeout: 20_000 },
      )
      .toBeGreaterThanOrEqual(0)
      .then(async () => {
        const request = { keyType: 1, coordinatorKeys: [transactionalId] }
        return (await first.send(findCoordinator, request)).coordinators[0]?.nodeId ?? -1
      })
    const coordinator = await at(coordinatorId)
    const begin = { transactionalId, transactionTimeoutMs: 60_000 }
    let identity = await coordinator.send(initProducerId, begin)
    for (let tries = 0; identity.errorCode !== 0 && tries < 100; tries++) {
      await new Promise((resolve) => setTimeout(resolve, 100))
      identity = await coordinator.send(initProducerId, begin)
    }
    const { producerId, producerEpoch } = identity
    if (isTold) {
      const v3 = {
        v3AndBelowTransactionalId: transactionalId,
        v3AndBelowProducerId: producerId,
        v3AndBelowProducerEpoch: producerEpoch,
        v3AndBelowTopics: [{ name: topic, partitions: [0] }],
      }
      await coordinator.send(addPartitionsToTxn, v3, { version: 3 })
    }
    const builder = new BatchBuilder({ producerId, producerEpoch, baseSequence: 0, isTransactional: true })
    builder.append(Date.now(), null, Buffer.from('x'))
    const leader = await at((await admin.describeTopics([topic]))[0]?.partitions[0]?.leader ?? -1)
    const topicData = [{ name: topic, partitionData: [{ index: 0, records: Buffer.from(builder.build()) }] }]
    const stored = await leader.send(produce, { transactionalId, acks: -1, timeoutMs: 10_000, topicData })
    expect(stored.responses[0]?.partitionResponses[0]?.errorCode).toBe(0)
    for (const connection of [first, coordinator, leader]) connection.close()
    return { producerId, producerEpoch, coordinatorId }
  }

  it('transactions: listed, described, and their producers fenced', async () => {
    const { producerId, producerEpoch, coordinatorId } = await openTransaction('tx-1', 'plain', true)
    expect(await admin.listTransactions({ states: ['Ongoing'] })).toEqual([
      { transactionalId: 'tx-1', producerId, state: 'Ongoing', coordinator: coordinatorId },
    ])
    expect(await admin.listTransactions({ longerThanMs: 3_600_000 })).toEqual([])
    const [known, unknown] = await admin.describeTransactions(['tx-1', 'tx-none'])
    expect(known).toMatchObject({
      name: 'tx-1',
      error: null,
      state: 'Ongoing',
      producerId,
      producerEpoch,
      timeoutMs: 60_000,
      partitions: [{ topic: 'plain', partition: 0 }],
    })
    expect(known?.startTimeMs).toBeGreaterThan(1_600_000_000_000)
    expect(unknown).toMatchObject({ name: 'tx-none', error: { errorName: 'TRANSACTIONAL_ID_NOT_FOUND' } })
    const [fenced] = await admin.fenceProducers(['tx-1'])
    expect(fenced).toMatchObject({ name: 'tx-1', error: null, producerId })
    expect(fenced?.producerEpoch).toBeGreaterThan(producerEpoch)
    expect(await admin.listTransactions({ states: ['Ongoing'] })).toEqual([])
  })

  it('a transaction that hangs is seen in its partition, and ended', async () => {
    const at = { topic: 'hanging', partition: 0 }
    const { producerId, producerEpoch } = await openTransaction('tx-2', 'hanging', false)
    const [described] = await admin.describeProducers([at])
    expect(described).toMatchObject({
      name: 'hanging-0',
      error: null,
      producers: [{ producerId, producerEpoch, lastSequence: 0, currentTransactionStartOffset: 0 }],
    })
    const ends = async () => {
      const wanted = [{ ...at, spec: 'latest' as const }]
      const [committed] = await admin.listOffsets(wanted, { readCommitted: true })
      return committed?.offset
    }
    expect(await ends()).toBe(0)
    const coordinatorEpoch = Math.max(0, described?.producers[0]?.coordinatorEpoch ?? 0)
    await admin.abortTransaction({ ...at, producerId, producerEpoch, coordinatorEpoch })
    expect(await ends()).toBe(2)
    await expect(admin.describeProducers([{ topic: 'hanging', partition: 7 }])).rejects.toMatchObject({
      code: 'KCLI_NO_PARTITION',
    })
  })
})

describeInterop("the admin's calls against kcli's brokers", [], () => {
  let home: KcliHome
  let cluster: KcliCluster
  let admin: Admin

  beforeAll(async () => {
    home = createKcliHome()
    cluster = await startKcliCluster(home, { brokers: 1 })
    admin = new Admin(optionsFor(cluster.bootstrap))
    await admin.createTopics([{ name: 't', numPartitions: 1, replicationFactor: 1 }])
  })

  afterAll(async () => {
    await admin?.close()
    await cluster?.stop('SIGKILL')
    home?.remove()
  })

  it.each<[string, (admin: Admin) => Promise<unknown>]>([
    ['DescribeAcls', (of) => of.describeAcls()],
    ['CreateAcls', (of) => of.createAcls([])],
    ['DeleteAcls', (of) => of.deleteAcls([{}])],
    ['DescribeClientQuotas', (of) => of.describeClientQuotas({ components: {} })],
    ['AlterClientQuotas', (of) => of.alterClientQuotas([])],
    ['DescribeUserScramCredentials', (of) => of.describeUserScramCredentials()],
    ['CreateDelegationToken', (of) => of.createDelegationToken()],
    ['UpdateFeatures', (of) => of.updateFeatures([])],
    ['DescribeProducers', (of) => of.describeProducers([{ topic: 't', partition: 0 }])],
    ['ListTransactions', (of) => of.listTransactions()],
  ])('%s is not served, and that is what is said', async (name, call) => {
    await expect(call(admin)).rejects.toMatchObject({
      code: 'KCLI_UNSUPPORTED_VERSION',
      message: expect.stringContaining(`does not serve ${name}`),
    })
  })

  it('says which calls are for KRaft', async () => {
    await expect(admin.describeMetadataQuorum()).rejects.toMatchObject({
      code: 'KCLI_KRAFT_ONLY',
      message: 'describeMetadataQuorum is for KRaft clusters; with ZooKeeper there is no metadata quorum',
    })
  })

  it('has no features', async () => {
    expect(await admin.describeFeatures()).toMatchObject({ supported: {}, finalized: {} })
  })
})

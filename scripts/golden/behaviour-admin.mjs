/** Topics, partitions and configurations: every function captures one file of cases. */

const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA'
const strangeId = 'c3RyYW5nZXN0cmFuZ2VyIQ'
const topic = (name, extra = {}) => ({
  name,
  numPartitions: 1,
  replicationFactor: 1,
  assignments: [],
  configs: [],
  ...extra,
})
const create = (topics, extra = {}) => ({ topics, timeoutMs: 3_000, validateOnly: false, ...extra })
const assigned = (name, ...lists) =>
  topic(name, {
    numPartitions: -1,
    replicationFactor: -1,
    assignments: lists.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds })),
  })

export async function createTopics({ ask, other }) {
  const v = 7
  const one = (name, spec, extra) => ask(name, 19, v, create([spec], extra))
  await ask('sent to a broker that is not the controller', 19, v, create([topic('elsewhere')]), other)
  await one('empty name', topic(''))
  await one('name .', topic('.'))
  await one('name ..', topic('..'))
  await one('name with a slash', topic('a/b'))
  await one('name with a space', topic('a b'))
  await one('name with an umlaut', topic('ä'))
  await one('name of 250 characters', topic('x'.repeat(250)))
  await one('name of 249 characters, validate only', topic('x'.repeat(249)), { validateOnly: true })
  await one('internal topic __consumer_offsets, validate only', topic('__consumer_offsets'), {
    validateOnly: true,
  })
  await one(
    'a topic',
    topic('first.topic', {
      numPartitions: 2,
      replicationFactor: 2,
      configs: [{ name: 'retention.ms', value: '1000' }],
    }),
  )
  await one('the same topic again', topic('first.topic'))
  await one('the same topic again, validate only', topic('first.topic'), { validateOnly: true })
  await one('a name that collides in metrics', topic('first_topic'))
  await one(
    'defaults for partitions and replicas',
    topic('defaults', { numPartitions: -1, replicationFactor: -1 }),
  )
  await one('replication factor 4 of 3 brokers', topic('bad', { replicationFactor: 4 }))
  await one('replication factor 0', topic('bad', { replicationFactor: 0 }))
  await one('replication factor -2', topic('bad', { replicationFactor: -2 }))
  await one('0 partitions', topic('bad', { numPartitions: 0 }))
  await one('-5 partitions', topic('bad', { numPartitions: -5 }))
  await one('10001 partitions, validate only', topic('bad', { numPartitions: 10_001 }), {
    validateOnly: true,
  })
  await ask(
    'the same name twice in one request',
    19,
    v,
    create([topic('twice'), topic('twice'), topic('beside')]),
  )
  await one('unknown configuration', topic('bad', { configs: [{ name: 'no.such.config', value: '1' }] }))
  for (const [name, value] of [
    ['retention.ms', 'abc'],
    ['retention.ms', '-2'],
    ['retention.ms', ''],
    ['retention.ms', null],
    ['cleanup.policy', 'shred'],
    ['cleanup.policy', ''],
    ['compression.type', 'rar'],
    ['compression.gzip.level', '77'],
    ['min.insync.replicas', '0'],
    ['segment.bytes', '13'],
    ['segment.bytes', '99999999999'],
    ['message.timestamp.type', 'Sometime'],
    ['min.cleanable.dirty.ratio', '1.5'],
    ['unclean.leader.election.enable', 'yes'],
    ['preallocate', 'TRUE'],
    ['leader.replication.throttled.replicas', 'x'],
    ['remote.storage.enable', 'true'],
    ['message.format.version', '0.8'],
    ['max.compaction.lag.ms', '0'],
  ]) {
    await one(`${name}=${value}, validate only`, topic('bad', { configs: [{ name, value }] }), {
      validateOnly: true,
    })
  }
  await one(
    'min.compaction.lag.ms above max.compaction.lag.ms',
    topic('bad', {
      configs: [
        { name: 'min.compaction.lag.ms', value: '10' },
        { name: 'max.compaction.lag.ms', value: '5' },
      ],
    }),
  )
  await one(
    'the same configuration twice',
    topic('bad', {
      configs: [
        { name: 'retention.ms', value: '1' },
        { name: 'retention.ms', value: '2' },
      ],
    }),
    { validateOnly: true },
  )
  await one('an assignment', assigned('assigned', [0, 1], [1, 2]))
  await one('assignment and partition count', { ...assigned('bad-1', [0]), numPartitions: 1 })
  await one('assignment and replication factor', { ...assigned('bad-2', [0]), replicationFactor: 1 })
  await one('assignment with an unknown broker', assigned('bad-3', [0, 9]))
  await one('assignment with a broker twice', assigned('bad-4', [0, 0]))
  await one('assignment without replicas', assigned('bad-5', []))
  await one('assignment with different replica counts', assigned('bad-6', [0], [0, 1]))
  await one('assignment that does not start at partition 0', {
    ...assigned('bad-7'),
    assignments: [{ partitionIndex: 1, brokerIds: [0] }],
  })
  await one('assignment with the same partition twice', {
    ...assigned('bad-8'),
    assignments: [
      { partitionIndex: 0, brokerIds: [0] },
      { partitionIndex: 0, brokerIds: [1] },
    ],
  })
  await one('assignment with a negative broker', assigned('bad-9', [-1]))
  await one('timeout 0', topic('no-time'), { timeoutMs: 0 })
  await ask('version 1 with an error message', 19, 1, create([topic('a/b'), topic('first.topic')]))
  await ask(
    'version 2, replication factor -1',
    19,
    2,
    create([topic('old-defaults', { replicationFactor: -1 })]),
  )
}

export async function createPartitions({ ask, quiet, other }) {
  await quiet(19, 7, create([topic('parts', { numPartitions: 2, replicationFactor: 2 })]))
  const raise = (name, count, assignments = null) => ({
    topics: [{ name, count, assignments }],
    timeoutMs: 10_000,
    validateOnly: false,
  })
  const one = (name, body) => ask(name, 37, 3, body)
  await ask('sent to a broker that is not the controller', 37, 3, raise('parts', 3), other)
  await one('fewer partitions', raise('parts', 1))
  await one('the same number', raise('parts', 2))
  await one('zero', raise('parts', 0))
  await one('unknown topic', raise('nowhere', 3))
  await one('invalid name', raise('a/b', 3))
  await one('too few assignments', raise('parts', 4, [{ brokerIds: [0, 1] }]))
  await one('too many assignments', raise('parts', 3, [{ brokerIds: [0, 1] }, { brokerIds: [0, 1] }]))
  await one('assignment with an unknown broker', raise('parts', 3, [{ brokerIds: [0, 9] }]))
  await one('assignment with a broker twice', raise('parts', 3, [{ brokerIds: [0, 0] }]))
  await one('assignment with another replica count', raise('parts', 3, [{ brokerIds: [0] }]))
  await one('empty assignment', raise('parts', 3, [{ brokerIds: [] }]))
  await one('the same topic twice', {
    ...raise('parts', 3),
    topics: [
      { name: 'parts', count: 3, assignments: null },
      { name: 'parts', count: 4, assignments: null },
    ],
  })
  await one('validate only', { ...raise('parts', 3), validateOnly: true })
  await one('one more', raise('parts', 3, [{ brokerIds: [2, 1] }]))
}

export async function deleteTopics({ ask, quiet, other, metadata }) {
  await quiet(19, 7, create(['gone-1', 'gone-2', 'gone-3'].map((name) => topic(name))))
  const byName = (...names) => ({
    topics: names.map((name) => ({ name, topicId: zeroId })),
    timeoutMs: 10_000,
  })
  await ask('sent to a broker that is not the controller', 20, 6, byName('gone-1'), other)
  await ask('unknown name', 20, 6, byName('nowhere'))
  await ask('unknown id', 20, 6, { topics: [{ name: null, topicId: strangeId }], timeoutMs: 10_000 })
  await ask('invalid name', 20, 6, byName('a/b'))
  await ask('the same name twice', 20, 6, byName('gone-1', 'gone-1'))
  await ask('a name', 20, 6, byName('gone-1'))
  const { topics } = await metadata(['gone-2'])
  await ask('name and id together', 20, 6, {
    topics: [{ name: 'gone-2', topicId: topics[0].topicId }],
    timeoutMs: 10_000,
  })
  await ask('neither name nor id', 20, 6, { topics: [{ name: null, topicId: zeroId }], timeoutMs: 10_000 })
  await ask('an id', 20, 6, { topics: [{ name: null, topicId: topics[0].topicId }], timeoutMs: 10_000 })
  await ask('version 1, a name and an unknown one', 20, 1, {
    topicNames: ['gone-3', 'nowhere'],
    timeoutMs: 10_000,
  })
}

export async function describeConfigs({ ask, quiet, controllerId }) {
  const describe = (resourceType, resourceName, configurationKeys = null, extra = {}) => ({
    resources: [{ resourceType, resourceName, configurationKeys }],
    includeSynonyms: true,
    includeDocumentation: false,
    ...extra,
  })
  await quiet(19, 7, create([topic('described', { configs: [{ name: 'retention.ms', value: '3600000' }] })]))
  const dynamic = [{ name: 'log.retention.ms', configOperation: 0, value: '7200000' }]
  await quiet(44, 1, {
    resources: [{ resourceType: 4, resourceName: '', configs: dynamic }],
    validateOnly: false,
  })
  await quiet(44, 1, {
    resources: [
      { resourceType: 4, resourceName: String(controllerId), configs: [{ ...dynamic[0], value: '7300000' }] },
    ],
    validateOnly: false,
  })
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  await ask(
    'a topic, one configuration with all its synonyms',
    32,
    4,
    describe(2, 'described', ['retention.ms']),
  )
  await ask('all configurations of a topic', 32, 4, describe(2, 'described'))
  await ask(
    'without synonyms',
    32,
    4,
    describe(2, 'described', ['retention.ms', 'cleanup.policy'], { includeSynonyms: false }),
  )
  await ask('unknown configuration of a topic', 32, 4, describe(2, 'described', ['no.such']))
  await ask('no configuration asked for', 32, 4, describe(2, 'described', []))
  await ask('unknown topic', 32, 4, describe(2, 'nowhere'))
  await ask('invalid topic name', 32, 4, describe(2, 'a/b'))
  await ask('all configurations of the broker', 32, 4, describe(4, String(controllerId)))
  await ask('defaults of all brokers', 32, 4, describe(4, ''))
  await ask('another broker', 32, 4, describe(4, String((controllerId + 1) % 3)))
  await ask('unknown broker', 32, 4, describe(4, '77'))
  await ask('broker that is no number', 32, 4, describe(4, 'x'))
  await ask('broker loggers', 32, 4, describe(8, String(controllerId), ['kafka', 'root']))
  await ask('resource type UNKNOWN', 32, 4, describe(0, 'x'))
  await ask('resource type 99', 32, 4, describe(99, 'x'))
  await ask('client metrics', 32, 4, describe(16, 'x'))
  for (const resourceName of ['', String(controllerId)]) {
    await quiet(44, 1, {
      resources: [
        { resourceType: 4, resourceName, configs: [{ ...dynamic[0], configOperation: 1, value: null }] },
      ],
      validateOnly: false,
    })
  }
}

export async function alterConfigs({ ask, quiet, controllerId }) {
  await quiet(19, 7, create([topic('altered')]))
  const resources = (list, extra = {}) => ({ resources: list, validateOnly: false, ...extra })
  const change = (name, configOperation, value) => ({ name, configOperation, value })
  const one = (name, ...configs) =>
    ask(name, 44, 1, resources([{ resourceType: 2, resourceName: 'altered', configs }]))
  await one('set', change('retention.ms', 0, '5000'))
  await one('delete', change('retention.ms', 1, null))
  await one('delete what is not set', change('retention.ms', 1, null))
  await one('append to a list', change('cleanup.policy', 2, 'compact'))
  await one('append what is there', change('cleanup.policy', 2, 'compact'))
  await one('subtract from a list', change('cleanup.policy', 3, 'compact'))
  await one('append to what is no list', change('retention.ms', 2, '1'))
  await one('operation 9', change('retention.ms', 9, '1'))
  await one('unknown name', change('no.such.config', 0, '1'))
  await one('delete an unknown name', change('no.such.config', 1, null))
  await one('invalid value', change('retention.ms', 0, 'abc'))
  await one('null value', change('retention.ms', 0, null))
  await one('the same name twice', change('retention.ms', 0, '1'), change('retention.ms', 1, null))
  await one('nothing')
  await ask(
    'the same resource twice',
    44,
    1,
    resources(
      [1, 2].map(() => ({
        resourceType: 2,
        resourceName: 'altered',
        configs: [change('retention.ms', 0, '1')],
      })),
    ),
  )
  await ask(
    'unknown topic',
    44,
    1,
    resources([{ resourceType: 2, resourceName: 'nowhere', configs: [change('retention.ms', 0, '1')] }]),
  )
  await ask(
    'invalid topic name',
    44,
    1,
    resources([{ resourceType: 2, resourceName: 'a/b', configs: [change('retention.ms', 0, '1')] }]),
  )
  await ask(
    'empty topic name',
    44,
    1,
    resources([{ resourceType: 2, resourceName: '', configs: [change('retention.ms', 0, '1')] }]),
  )
  const broker = (name, value, resourceName = String(controllerId)) =>
    resources([{ resourceType: 4, resourceName, configs: [change(name, 0, value)] }], { validateOnly: true })
  await ask('broker, dynamic', 44, 1, broker('num.io.threads', '9'))
  await ask('broker, dynamic, too large a step', 44, 1, broker('num.io.threads', '99'))
  await ask('broker, dynamic, against another configuration', 44, 1, broker('log.cleaner.threads', '3'))
  await ask('broker, read-only', 44, 1, broker('broker.rack', 'r'))
  await ask('broker, unknown', 44, 1, broker('no.such', 'r'))
  await ask(
    'broker, per-broker configuration as a default',
    44,
    1,
    broker('advertised.listeners', 'PLAINTEXT://x:1', ''),
  )
  await ask('another broker', 44, 1, broker('log.cleaner.threads', '2', String((controllerId + 1) % 3)))
  await ask('broker that is no number', 44, 1, broker('log.cleaner.threads', '2', 'x'))
  await ask('resource type 99', 44, 1, resources([{ resourceType: 99, resourceName: 'x', configs: [] }]))
  const old = (name, configs, resourceName = 'altered') =>
    ask(name, 33, 2, resources([{ resourceType: 2, resourceName, configs }]))
  await old('AlterConfigs: replaces all', [{ name: 'segment.bytes', value: '100000' }])
  await old('AlterConfigs: null value', [{ name: 'segment.bytes', value: null }])
  await old('AlterConfigs: unknown name', [{ name: 'no.such', value: '1' }])
  await old('AlterConfigs: invalid value', [{ name: 'segment.bytes', value: 'x' }])
  await old('AlterConfigs: unknown topic', [], 'nowhere')
}

export async function metadata({ ask, quiet, other }) {
  const about = (names, allowAutoTopicCreation) => ({
    topics: names?.map((name) => ({ name, topicId: zeroId })) ?? null,
    allowAutoTopicCreation,
    includeClusterAuthorizedOperations: false,
    includeTopicAuthorizedOperations: false,
  })
  await ask('unknown topic, creation not allowed', 3, 12, about(['meta-none'], false))
  await ask('unknown topic, creation allowed', 3, 12, about(['meta-auto'], true))
  await new Promise((resolve) => setTimeout(resolve, 1_000))
  await ask('the topic a second later', 3, 12, about(['meta-auto'], true))
  await ask('unknown topic, creation allowed, not the controller', 3, 12, about(['meta-auto-2'], true), other)
  await ask('invalid name, creation allowed', 3, 12, about(['a/b'], true))
  await ask('invalid name, creation not allowed', 3, 12, about(['a/b'], false))
  await ask('empty name', 3, 12, about([''], true))
  await ask('colliding name, creation allowed', 3, 12, about(['meta_auto', 'meta.auto'], true))
  await ask('unknown id', 3, 12, { ...about([], false), topics: [{ name: null, topicId: strangeId }] })
  await ask('null name in version 9', 3, 9, { ...about(['x'], false) })
  await ask('no topics in version 1', 3, 1, { topics: [] })
  await ask('the same name twice', 3, 12, about(['meta-auto', 'meta-auto'], false))
  await quiet(20, 6, { topics: [{ name: 'meta-auto', topicId: zeroId }], timeoutMs: 10_000 })
}

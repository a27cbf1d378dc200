import { writeExchange } from './store.mjs'

const b64 = (text) => Buffer.from(text).toString('base64')

export async function topics({ one, all }) {
  const creatable = (name, extra = {}) => ({
    name,
    numPartitions: 1,
    replicationFactor: 1,
    assignments: [],
    configs: [],
    ...extra,
  })
  const create = (list, validateOnly = false) => ({ topics: list, timeoutMs: 10_000, validateOnly })
  await one(
    19,
    7,
    create([
      creatable('orders'),
      creatable('old', { configs: [{ name: 'message.format.version', value: '2.8' }] }),
    ]),
    { store: false },
  )
  await all(19, (v) =>
    create([
      creatable(`created-${v}`, { numPartitions: 2, configs: [{ name: 'retention.ms', value: '60000' }] }),
      creatable(`assigned-${v}`, {
        numPartitions: -1,
        replicationFactor: -1,
        assignments: [{ partitionIndex: 0, brokerIds: [0] }],
      }),
      creatable('orders'),
      creatable('bad/name'),
    ]),
  )
  await all(37, (v) => ({
    topics: [
      { name: `created-${v}`, count: 3, assignments: null },
      { name: `assigned-${v}`, count: 2, assignments: [{ brokerIds: [0] }] },
      { name: 'orders', count: 1, assignments: null },
      { name: 'nowhere', count: 2, assignments: null },
    ],
    timeoutMs: 10_000,
    validateOnly: false,
  }))
  await all(3, (v) => ({
    topics:
      v === 10 || v === 11
        ? [{ name: 'orders', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }]
        : ['orders', 'created-0', 'nowhere'].map((name) => ({ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' })),
    allowAutoTopicCreation: v < 4,
    includeClusterAuthorizedOperations: true,
    includeTopicAuthorizedOperations: true,
  }))
  await one(
    3,
    12,
    { topics: null, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false },
    { variant: 'all-topics' },
  )
  const metadata = await one(
    3,
    12,
    {
      topics: [{ name: 'created-6', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    },
    { store: false },
  )
  const { topicId } = metadata.topics[0]
  await one(
    3,
    12,
    {
      topics: [{ name: null, topicId }],
      allowAutoTopicCreation: false,
      includeTopicAuthorizedOperations: false,
    },
    { variant: 'by-id' },
  )
  await all(20, (v) => ({
    topicNames: [`created-${v}`, 'nowhere'],
    topics: [
      { name: null, topicId },
      { name: 'assigned-6', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' },
      { name: 'nowhere', topicId: 'AAAAAAAAAAAAAAAAAAAAAA' },
    ],
    timeoutMs: 10_000,
  }))
}

export async function cluster({ one, all, driver, port, golden }) {
  await all(18, () => ({ clientSoftwareName: 'golden', clientSoftwareVersion: '1.0' }))
  await one(18, 3, { clientSoftwareName: '-bad-', clientSoftwareVersion: '' }, { variant: 'invalid-name' })
  await all(60, () => ({ includeClusterAuthorizedOperations: true, endpointType: 1 }))
  const unknownVersion = `001200630000002a0006${Buffer.from('golden').toString('hex')}00`
  const refused = await driver.sendRaw({ port, requestHex: unknownVersion, decode: false })
  const answer = {
    ...refused,
    apiKey: 18,
    name: 'API_VERSIONS',
    apiVersion: 99,
    correlationId: 42,
    clientId: 'golden',
    responseVersion: 0,
    request: null,
  }
  const decoded = await driver.decode({
    requestHex: `001200000000002a0006${Buffer.from('golden').toString('hex')}`,
    responseHex: refused.responseHex,
  })
  writeExchange(golden, { ...answer, response: decoded.response }, { source: 'kafka-clients 3.9.1' })
  await one(60, 1, { includeClusterAuthorizedOperations: false, endpointType: 2 }, { variant: 'controllers' })
  await all(35, () => ({ topics: [{ topic: 'orders', partitions: [0] }] }))
  await one(35, 4, { topics: null }, { variant: 'all-topics' })
}

export async function configs({ one, all }) {
  const topic = (name, configurationKeys) => ({ resourceType: 2, resourceName: name, configurationKeys })
  const keys = ['retention.ms', 'cleanup.policy', 'min.insync.replicas', 'segment.bytes']
  await one(
    44,
    1,
    {
      resources: [
        {
          resourceType: 2,
          resourceName: 'orders',
          configs: [{ name: 'retention.ms', configOperation: 0, value: '120000' }],
        },
      ],
      validateOnly: false,
    },
    { store: false },
  )
  await all(32, () => ({
    resources: [topic('orders', keys), topic('nowhere', keys)],
    includeSynonyms: true,
    includeDocumentation: false,
  }))
  await one(
    32,
    4,
    {
      resources: [topic('orders', ['retention.ms', 'no.such'])],
      includeSynonyms: true,
      includeDocumentation: true,
    },
    { variant: 'documentation' },
  )
  await one(
    32,
    4,
    {
      resources: [
        {
          resourceType: 4,
          resourceName: '0',
          configurationKeys: [
            'log.retention.hours',
            'log.retention.ms',
            'broker.rack',
            'ssl.key.password',
            'num.io.threads',
          ],
        },
      ],
      includeSynonyms: true,
      includeDocumentation: false,
    },
    { variant: 'of-broker' },
  )
  await all(33, (v) => ({
    resources: [
      {
        resourceType: 2,
        resourceName: 'orders',
        configs: [{ name: 'segment.bytes', value: String(1_000_000 + v) }],
      },
      { resourceType: 2, resourceName: 'nowhere', configs: [] },
    ],
    validateOnly: false,
  }))
  await all(44, (v) => ({
    resources: [
      {
        resourceType: 2,
        resourceName: 'orders',
        configs: [
          { name: 'cleanup.policy', configOperation: 2, value: 'compact' },
          { name: 'segment.bytes', configOperation: 1, value: null },
          { name: 'retention.ms', configOperation: 0, value: String(60_000 + v) },
        ],
      },
      {
        resourceType: 4,
        resourceName: '0',
        configs: [{ name: 'log.cleaner.threads', configOperation: 0, value: 'many' }],
      },
    ],
    validateOnly: v === 1,
  }))
  const back = [{ name: 'cleanup.policy', configOperation: 0, value: 'delete' }]
  await one(
    44,
    1,
    { resources: [{ resourceType: 2, resourceName: 'orders', configs: back }], validateOnly: false },
    { store: false },
  )
}

export async function administration({ one, all }) {
  const filter = {
    resourceTypeFilter: 1,
    resourceNameFilter: null,
    patternTypeFilter: 1,
    principalFilter: null,
    hostFilter: null,
    operation: 1,
    permissionType: 1,
  }
  await all(29, () => filter)
  await all(30, () => ({
    creations: [
      {
        resourceType: 2,
        resourceName: 'orders',
        resourcePatternType: 3,
        principal: 'User:a',
        host: '*',
        operation: 3,
        permissionType: 3,
      },
    ],
  }))
  await all(31, () => ({ filters: [{ ...filter, patternTypeFilter: 1 }] }))
  await all(34, () => ({ dirs: [{ path: '/nowhere', topics: [{ name: 'orders', partitions: [0] }] }] }))
  await all(43, () => ({
    electionType: 0,
    topicPartitions: [{ topic: 'orders', partitions: [0, 4] }],
    timeoutMs: 10_000,
  }))
  await all(45, () => ({
    timeoutMs: 10_000,
    topics: [
      {
        name: 'orders',
        partitions: [
          { partitionIndex: 0, replicas: [0] },
          { partitionIndex: 1, replicas: null },
        ],
      },
    ],
  }))
  await all(46, () => ({ timeoutMs: 10_000, topics: null }))
  await all(49, () => ({
    entries: [
      {
        entity: [{ entityType: 'client-id', entityName: 'golden-client' }],
        ops: [
          { key: 'producer_byte_rate', value: 1024.5, remove: false },
          { key: 'no_such', value: 1.5, remove: true },
        ],
      },
    ],
    validateOnly: false,
  }))
  await one(
    49,
    1,
    {
      entries: [
        {
          entity: [{ entityType: 'client-id', entityName: 'golden-client' }],
          ops: [{ key: 'producer_byte_rate', value: 1024.5, remove: false }],
        },
      ],
      validateOnly: false,
    },
    { variant: 'set' },
  )
  await all(48, () => ({
    components: [{ entityType: 'client-id', matchType: 0, match: 'golden-client' }],
    strict: false,
  }))
  await all(50, () => ({ users: [{ name: 'alice' }] }))
  await all(51, () => ({
    deletions: [{ name: 'bob', mechanism: 1 }],
    upsertions: [
      {
        name: 'alice',
        mechanism: 1,
        iterations: 4096,
        salt: b64('salt'),
        saltedPassword: b64('12345678901234567890123456789012'),
      },
    ],
  }))
  await all(57, () => ({
    timeoutMs: 1_000,
    featureUpdates: [
      { feature: 'metadata.version', maxVersionLevel: 1, allowDowngrade: false, upgradeType: 1 },
    ],
    validateOnly: true,
  }))
  await all(38, () => ({ ownerPrincipalType: '', ownerPrincipalName: '', renewers: [], maxLifetimeMs: -1 }))
  await all(41, () => ({ owners: null }))
  await all(17, () => ({ mechanism: 'PLAIN' }), {})
}

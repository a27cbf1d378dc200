import {
  anyOf,
  described,
  flag,
  list,
  number,
  type Output,
  object,
  oneOf,
  optional,
  orNull,
  rows,
  single,
  text,
  timestamp,
  whole,
} from './build.ts'
import { config, itemError, partitionPlace } from './topics.ts'

const address = orNull(text('HOST:PORT; null when it is reached through the data directory only'))
const brokerState = oneOf('up', 'killed', 'paused', 'silent')
const cutOffFrom = list(whole(), 'Brokers to which its connections are refused')
const isCutOffFromZooKeeper = flag()

const fault = object({ id: whole(), state: text('up, killed or paused'), cutOffFrom, isCutOffFromZooKeeper })

/** What the commands answer that break brokers and put them right. */
const faults = single(
  object({
    brokers: list(whole(), 'Whom the command changed'),
    states: list(fault, 'How all of them are now'),
    isZooKeeperElsewhere: flag('Then its sessions last as long as it says'),
  }),
)

const ready = single(
  object({
    state: oneOf('ready'),
    addresses: list(text(), 'HOST:PORT of each broker'),
    brokers: whole('How many'),
    zookeeper: optional(text('HOST:PORT, when it listens')),
    dataDir: text(),
    pid: whole(),
  }),
)

const replicas = list(object({ broker: whole(), endOffset: orNull(whole('Null when it does not say')) }))
const partitionState = {
  ...partitionPlace,
  leader: whole('-1 when there is none'),
  leaderEpoch: whole(),
  isr: list(whole()),
  highWatermark: orNull(whole('As the leader has it; null when it does not say')),
  replicas,
}

const znode = object({
  path: text(),
  data: orNull(text('Null when there is none, or none that is text')),
  isEphemeral: flag(),
})

const statusBroker = object({
  id: whole(),
  address,
  rack: orNull(text()),
  leaders: whole('Partitions that it leads'),
  state: optional(brokerState),
  cutOffFrom: optional(cutOffFrom),
  isCutOffFromZooKeeper: optional(isCutOffFromZooKeeper),
})

const status = object({
  state: oneOf('running', 'stopped', 'missing'),
  target: text('The addresses or the folder'),
  clusterId: optional(orNull(text())),
  controller: optional(whole('-1 when there is none')),
  brokers: optional(list(statusBroker)),
  topics: optional(whole('How many, without internal ones')),
  partitions: optional(whole('How many')),
  underReplicatedPartitions: optional(whole('How many')),
  partitionStates: optional(list(object(partitionState))),
  server: optional(
    object({
      pid: whole(),
      kind: oneOf('server', 'command'),
      addresses: list(text()),
      startedMs: timestamp('When it began'),
      down: optional(list(whole(), 'Brokers that were killed')),
    }),
  ),
  znodes: optional(list(znode)),
})

const at = { timeMs: timestamp('When it was seen') }
/** With --watch: a line for each change. */
const change = anyOf(
  object({ ...at, event: oneOf('cluster'), state: oneOf('running', 'stopped') }),
  object({
    ...at,
    event: oneOf('broker'),
    id: whole(),
    state: brokerState,
    address,
    rack: orNull(text()),
    isController: flag(),
    isRegistered: flag('Whether the controller counts it in'),
    cutOffFrom,
    isCutOffFromZooKeeper,
  }),
  object({ ...at, event: oneOf('partition'), ...partitionState }),
  object({ ...at, event: oneOf('partition-deleted'), ...partitionPlace }),
  object({ ...at, event: oneOf('znode'), change: oneOf('created', 'deleted', 'changed'), path: text() }),
)

const imported = object({
  dataDir: text(),
  clusterId: text(),
  brokers: list(object({ id: whole(), logDirs: list(text()) })),
  topics: whole('How many'),
  partitions: whole('How many'),
  copiedBytes: whole(),
  missingBrokers: list(whole(), 'That partitions are assigned to, and that were not imported'),
  lostPartitions: whole('How many have no replica on a broker that was imported'),
  hasAcls: flag('Rules on who may do what, which brokers here do not know'),
})

const brokerRow = {
  id: whole(),
  address,
  rack: orNull(text()),
  isController: flag(),
  leaders: whole('Partitions that it leads'),
  replicas: whole('Partitions that it has'),
  outOfSyncReplicas: whole(),
  sizeBytes: orNull(whole('Null when it does not say')),
}

const resource = object({
  type: text('topic or broker'),
  name: orNull(text('Null for what holds for all brokers')),
})

export const CLUSTER: Readonly<Record<string, Output>> = {
  'cluster:start': ready,
  'broker:start': ready,
  'zookeeper:start': single(
    object({ state: oneOf('ready'), address: text('HOST:PORT'), dataDir: text(), pid: whole() }),
  ),
  'cluster:stop': single(object({ state: text('stopped'), dataDir: text() })),
  'cluster:status': { document: anyOf(status, change), line: { $ref: '#/$defs/document' } },
  'cluster:wait': single(
    object({
      brokers: whole('How many'),
      controller: whole(),
      topics: whole('How many'),
      partitions: whole('How many'),
      waitedMs: whole(),
    }),
  ),
  'cluster:import': single(imported),
  'cluster:kill': faults,
  'cluster:revive': faults,
  'cluster:pause': faults,
  'cluster:resume': faults,
  'cluster:partition': faults,
  'cluster:heal': faults,
  'brokers:list': rows(object({ ...brokerRow, logDirs: list(text(), 'Folders') })),
  'brokers:describe': rows(
    object({
      ...brokerRow,
      logDirs: list(
        object({
          path: text(),
          error: orNull(text('Why it cannot be used')),
          replicas: whole(),
          sizeBytes: whole(),
          totalBytes: orNull(whole('Of the disk; null when the broker does not say')),
          usableBytes: orNull(whole()),
        }),
      ),
      apiVersions: list(object({ key: whole(), minVersion: whole(), maxVersion: whole() })),
      configs: list(config),
    }),
  ),
  'configs:describe': rows(
    object({
      resource,
      name: text(),
      value: orNull(text('Null when it has none, or is secret')),
      source: text('Who set it, such as DYNAMIC_TOPIC_CONFIG'),
      default: orNull(text()),
      isReadOnly: flag('Changing it needs a restart'),
      isSensitive: flag(),
      synonyms: described(
        'What else could give the value, the strongest first',
        list(object({ name: text(), value: orNull(text()), source: text() })),
      ),
    }),
  ),
  'configs:alter': rows(
    object({ resource, status: oneOf('altered', 'valid', 'failed'), error: optional(itemError) }),
  ),
  'configs:explain': rows(
    object({
      name: text(),
      of: oneOf('topic', 'broker'),
      type: text(),
      default: orNull(text()),
      valid: orNull(text('What values it takes; null for all of its type')),
      update: oneOf('topic', 'read-only', 'per-broker', 'cluster-wide'),
      fallsBackTo: list(
        object({ name: text(), factor: number('From its unit to this one') }),
        'Configurations of the broker that count when it is not set',
      ),
    }),
  ),
  link: single(
    object({
      folder: text(),
      linked: list(text()),
      taken: list(text(), 'Names of something else, left alone'),
    }),
  ),
}

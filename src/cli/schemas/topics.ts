import {
  flag,
  list,
  type Output,
  object,
  oneOf,
  optional,
  orNull,
  rows,
  type Schema,
  text,
  whole,
} from './build.ts'

/** What went wrong with one item of many, beside its status `failed`. */
export const itemError = object({
  code: text('Of the protocol, such as TOPIC_ALREADY_EXISTS'),
  message: text(),
})

const name = text('Of the topic')
const brokers = list(whole('A broker'))
const leader = orNull(whole('Null when there is none, or with --offline when it is not known'))

const partition = {
  partition: whole(),
  leader,
  leaderEpoch: orNull(whole()),
  replicas: orNull(brokers),
  isr: orNull(list(whole(), 'The replicas that are in sync')),
  offlineReplicas: optional(list(whole(), 'Not with --offline')),
  onDisk: optional(list(whole(), 'With --offline: the brokers whose files are there')),
}

export const config = object({
  name: text(),
  value: orNull(text('Null when it has none, or is secret')),
  source: text('Who set it, such as DYNAMIC_TOPIC_CONFIG'),
})

const described = object({
  name,
  topicId: text(),
  isInternal: flag(),
  replicationFactor: orNull(whole()),
  partitions: list(object(partition)),
  configs: orNull(list(config, 'Those that are no defaults, or all with --all-configs')),
})

/** With --under-replicated and its like. */
const describedPartition = object({ topic: name, ...partition })

function changed(...statuses: readonly string[]): Output {
  return rows(object({ name, status: oneOf(...statuses, 'failed'), error: optional(itemError) }))
}

const created = object({
  name,
  status: oneOf('created', 'valid', 'exists', 'failed'),
  topicId: optional(text()),
  partitions: optional(whole()),
  replicationFactor: optional(whole()),
  error: optional(itemError),
})

const both = object({ topic: name, partition: whole(), earliest: whole(), latest: whole() })
const one = object({
  topic: name,
  partition: whole(),
  offset: orNull(whole('Null when no record is there')),
  timestamp: orNull(whole('Of that record, in milliseconds since 1970')),
})

export const partitionPlace: Readonly<Record<string, Schema>> = { topic: name, partition: whole() }

/** A replica that goes to another log directory of its broker. */
const logDirs = list(
  object({
    broker: whole(),
    from: orNull(text('A directory; null when nobody knows')),
    to: text('A directory'),
  }),
)

const partitionStatus = {
  ...partitionPlace,
  status: text('Such as started, cancelled, done, elected, not-needed or failed'),
  error: optional(itemError),
}

export const TOPICS: Readonly<Record<string, Output>> = {
  'topics:list': rows(
    object({
      name,
      topicId: text(),
      isInternal: flag(),
      partitions: whole('How many'),
      replicationFactor: orNull(whole('Null with --offline when it is not known')),
      underReplicatedPartitions: orNull(whole('How many')),
    }),
  ),
  'topics:describe': rows({ anyOf: [described, describedPartition] }),
  'topics:create': rows(created),
  'topics:alter': changed('altered', 'valid', 'missing'),
  'topics:delete': changed('deleted', 'exists', 'missing'),
  'topics:offsets': rows({ anyOf: [both, one] }),
  'topics:consumers': rows(
    object({
      topic: name,
      group: text(),
      state: text('Of the group'),
      clients: list(text(), 'Client ids of those of its members that read the topic'),
      partitions: list(whole()),
      lag: orNull(whole('Null when nothing is committed')),
    }),
  ),
  'partitions:list': rows(
    object({
      ...partitionPlace,
      leader,
      leaderEpoch: whole(),
      replicas: brokers,
      isr: brokers,
      offlineReplicas: brokers,
      addingReplicas: brokers,
      removingReplicas: brokers,
    }),
  ),
  'partitions:elect-leader': rows(object(partitionStatus)),
  'partitions:reassign': rows({
    anyOf: [
      // A plan.
      object({
        ...partitionPlace,
        from: brokers,
        to: brokers,
        adding: brokers,
        removing: brokers,
        logDirs: optional(logDirs),
      }),
      // What is under way.
      object({
        ...partitionPlace,
        replicas: brokers,
        addingReplicas: brokers,
        removingReplicas: brokers,
        logDirs: optional(logDirs),
      }),
      // What was done.
      object({
        ...partitionStatus,
        from: optional(brokers),
        to: optional(brokers),
        logDirs: optional(logDirs),
      }),
    ],
  }),
}

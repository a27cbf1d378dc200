import {
  flag,
  list,
  number,
  type Output,
  object,
  oneOf,
  optional,
  orNull,
  single,
  text,
  timestamp,
  whole,
} from './build.ts'

const rate = orNull(number('Per second since the look before; null when it cannot be told'))
const rates = { recordsInPerSecond: rate, recordsOutPerSecond: rate, bytesPerSecond: rate }
const sizeBytes = orNull(whole('Null when nobody says'))
const ids = list(whole())
const leader = whole('-1 when there is none')

const broker = object({
  id: whole(),
  address: orNull(text()),
  rack: orNull(text()),
  state: oneOf('up', 'silent', 'gone'),
  isController: flag(),
  leaders: whole(),
  replicas: whole(),
  outOfSyncReplicas: whole(),
  ...rates,
  sizeBytes,
  logDirs: orNull(
    list(
      object({
        path: text(),
        error: orNull(text()),
        sizeBytes: whole(),
        replicas: whole(),
        totalBytes: orNull(whole()),
        usableBytes: orNull(whole()),
      }),
    ),
  ),
})

const offset = orNull(whole())
const topic = object({
  topic: text(),
  underReplicatedPartitions: whole(),
  offlinePartitions: whole(),
  ...rates,
  records: orNull(whole('Between the ends of its logs')),
  sizeBytes,
  partitions: list(
    object({
      partition: whole(),
      leader,
      isr: ids,
      replicas: ids,
      startOffset: offset,
      endOffset: offset,
      ...rates,
      sizeBytes,
    }),
  ),
})

const place = { topic: text(), partition: whole() }
const group = object({
  group: text(),
  state: text(),
  coordinator: whole(),
  lag: whole(),
  recordsPerSecond: rate,
  members: list(
    object({
      memberId: text(),
      groupInstanceId: orNull(text()),
      clientId: text(),
      host: text(),
      partitions: orNull(list(object(place))),
    }),
  ),
  partitions: list(
    object({
      ...place,
      offset,
      endOffset: offset,
      lag: offset,
      recordsPerSecond: rate,
      memberId: orNull(text()),
    }),
  ),
})

const count = orNull(whole())
const znodes = object({
  server: text(),
  version: orNull(text()),
  mode: orNull(text()),
  znodes: count,
  ephemerals: count,
  sessions: count,
  connections: count,
  watches: count,
  below: list(object({ path: text(), count: whole() })),
  changeCount: whole(),
  changes: list(
    object({ timestamp: timestamp('When'), change: oneOf('created', 'deleted', 'changed'), path: text() }),
  ),
})

export const TOP: Readonly<Record<string, Output>> = {
  top: single(
    object({
      timestamp: timestamp('Of the look'),
      clusterId: orNull(text()),
      controller: whole('-1 when there is none'),
      ...rates,
      lag: whole('Of all groups'),
      // With --tab only one of them.
      brokers: optional(list(broker)),
      topics: optional(list(topic)),
      groups: optional(list(group)),
      partitions: optional(
        list(
          object({ ...place, trouble: text('Its kind'), leader, isr: ids, replicas: ids, reason: text() }),
          'Those that are not well',
        ),
      ),
      znodes: optional(orNull(znodes)),
      problems: list(text()),
    }),
  ),
}

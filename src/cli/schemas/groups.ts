import {
  list,
  number,
  type Output,
  object,
  oneOf,
  optional,
  orNull,
  rows,
  text,
  timestamp,
  whole,
} from './build.ts'
import { itemError, partitionPlace } from './topics.ts'

const group = text('Its id')
const lag = orNull(whole('Records between the committed offset and the end; null when it cannot be told'))
const lagSeconds = orNull(
  number('How old the first record is that was not read; null when it cannot be told'),
)
const memberId = orNull(text('Who reads the partition; null for nobody'))
const clientId = orNull(text())

const member = {
  memberId: text(),
  groupInstanceId: orNull(text('Of a static member')),
  clientId: text(),
  host: text(),
  topics: orNull(list(text(), 'What it subscribed to; null when it is no consumer')),
  partitions: orNull(list(object(partitionPlace), 'What it was given')),
}

const lagOfPartition = object({
  partition: whole(),
  offset: orNull(whole('Committed')),
  startOffset: orNull(whole()),
  endOffset: orNull(whole()),
  lag,
  lagSeconds,
  verdict: oneOf('OK', 'WARN', 'STALL', 'STOP', 'REWIND'),
  reason: text(),
  memberId,
  clientId,
  commits: list(
    object({ timestamp: timestamp('When it was stored'), offset: whole(), lag }),
    'The last ones',
  ),
})

const lagOfGroup = object({
  group,
  state: text(),
  members: whole('How many'),
  lag,
  lagSeconds,
  verdict: oneOf('OK', 'WARN', 'ERR'),
  reason: text(),
  topics: list(
    object({
      topic: text(),
      lag,
      lagSeconds,
      verdict: oneOf('OK', 'WARN', 'STALL', 'STOP', 'REWIND'),
      partitions: list(lagOfPartition),
    }),
  ),
})

/** With --watch. */
const look = object({ timeMs: timestamp('When it was looked at'), groups: list(lagOfGroup) })

const offsetRow = object({
  ...partitionPlace,
  offset: orNull(whole('Committed; null for none')),
  leaderEpoch: orNull(whole()),
  metadata: orNull(text('Committed with the offset')),
  endOffset: orNull(whole()),
  lag,
  memberId,
  clientId,
})

export const GROUPS: Readonly<Record<string, Output>> = {
  'groups:list': rows(object({ group, state: text(), type: text(), protocolType: text() })),
  'groups:describe': rows(
    object({
      group,
      state: text(),
      type: text(),
      protocolType: text(),
      assignor: text('Empty when nobody is in the group'),
      coordinator: orNull(object({ id: whole(), host: text(), port: whole() })),
      members: list(object(member)),
      offsets: list(offsetRow),
    }),
  ),
  'groups:members': rows(object({ group, ...member })),
  'groups:lag': { document: { anyOf: [list(lagOfGroup), look] }, line: { anyOf: [lagOfGroup, look] } },
  'groups:reset-offsets': rows(
    object({
      group,
      ...partitionPlace,
      current: orNull(whole('Null when nothing is committed')),
      new: orNull(whole('Null when the offset is to be forgotten')),
      change: orNull(whole()),
      status: oneOf('planned', 'unchanged', 'reset', 'failed'),
      error: optional(text()),
    }),
  ),
  'groups:delete': rows(
    object({
      name: group,
      status: oneOf('deleted', 'exists', 'missing', 'failed'),
      error: optional(itemError),
    }),
  ),
  'groups:delete-offsets': rows(
    object({
      name: text('TOPIC-PARTITION'),
      topic: optional(text('Not when it failed')),
      partition: optional(whole()),
      status: oneOf('deleted', 'exists', 'failed'),
      offset: optional(whole('That was committed')),
      error: optional(itemError),
    }),
  ),
}

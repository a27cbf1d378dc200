import { anyOf, list, number, type Output, object, oneOf, orNull, text, whole } from './build.ts'
import { partitionPlace } from './topics.ts'

const exchange = {
  number: whole('In the order in which they began'),
  startMs: number('Since the command began'),
  broker: orNull(whole('Null when it is not known')),
  address: text(),
  elapsedMs: orNull(number('Null when there was no answer')),
  error: orNull(text('Why there was no answer')),
}

const file = text('Its path')
const brokers = list(whole())

const event = anyOf(
  object({ event: oneOf('connect'), ...exchange }),
  object({
    event: oneOf('request'),
    ...exchange,
    api: text('As in the protocol, such as Produce'),
    key: whole(),
    version: whole(),
    asked: text('In words'),
    answer: orNull(text('In words; empty when there is nothing to say')),
    requestBytes: whole(),
    responseBytes: orNull(whole()),
    errorCodes: list(text(), 'Names of the error codes in the answer'),
    attempt: whole('2 and more: the same was asked before, and failed'),
  }),
  object({
    event: oneOf('append'),
    ...partitionPlace,
    broker: whole(),
    firstOffset: whole(),
    endOffset: whole('Behind the last one'),
    bytes: whole('By which its log grew'),
    file,
  }),
  object({
    event: oneOf('index'),
    ...partitionPlace,
    broker: whole(),
    file,
    entries: whole('More than before'),
  }),
  object({
    event: oneOf('segment'),
    ...partitionPlace,
    broker: whole(),
    change: oneOf('created', 'deleted'),
    file,
  }),
  object({ event: oneOf('high-watermark'), ...partitionPlace, from: whole(), to: whole() }),
  object({ event: oneOf('isr', 'replicas'), ...partitionPlace, from: brokers, to: brokers }),
  object({
    event: oneOf('leader'),
    ...partitionPlace,
    from: whole('-1 for none'),
    to: whole('-1 for none'),
    fromEpoch: whole(),
    toEpoch: whole(),
  }),
  object({
    event: oneOf('partition'),
    change: oneOf('created'),
    ...partitionPlace,
    leader: whole('-1 for none'),
    replicas: brokers,
  }),
  object({ event: oneOf('partition'), change: oneOf('deleted'), ...partitionPlace }),
  object({ event: oneOf('znode'), change: oneOf('created', 'changed', 'deleted'), path: text() }),
  object({ event: oneOf('note'), message: text() }),
)

/** A line on stderr for each event. */
export const EXPLAIN: Readonly<Record<string, Output>> = {
  explain: { document: event, line: { $ref: '#/$defs/document' } },
}

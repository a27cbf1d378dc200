import { describe, expect, it } from 'vitest'
import { lossesOf } from '../../../src/cli/services/configs/losses.ts'
import type { ConfigEntry, ConfigOperation, ConfigSource } from '../../../src/client/index.ts'

const TOPIC = { type: 'topic', name: 'orders' } as const

const entry = (
  name: string,
  value: string | null,
  source: ConfigSource,
  ...synonyms: [string, string | null, ConfigSource][]
): ConfigEntry => ({
  name,
  value,
  source,
  isSensitive: false,
  isReadOnly: false,
  synonyms: synonyms.map(([of, text, from]) => ({ name: of, value: text, source: from })),
  documentation: null,
})

const set = (name: string, value: string): ConfigOperation => ({ op: 'set', name, value })
const losses = (entries: ConfigEntry[], ...operations: ConfigOperation[]) =>
  lossesOf({ resource: TOPIC, entries }, operations)

const week = entry('retention.ms', '604800000', 'DEFAULT_CONFIG', [
  'log.retention.hours',
  '168',
  'DEFAULT_CONFIG',
])
const year = entry(
  'retention.ms',
  '31536000000',
  'DYNAMIC_TOPIC_CONFIG',
  ['retention.ms', '31536000000', 'DYNAMIC_TOPIC_CONFIG'],
  ['log.retention.hours', '168', 'DEFAULT_CONFIG'],
)

describe('what brokers delete after a change of settings', () => {
  it.each([
    [
      'a shorter time',
      [week],
      [set('retention.ms', '3600000')],
      ['topic orders: records older than 1 h are deleted'],
    ],
    ['a longer time', [week], [set('retention.ms', '700000000')], []],
    ['no limit', [week], [set('retention.ms', '-1')], []],
    [
      'back to a shorter time, in hours',
      [year],
      [{ op: 'delete', name: 'retention.ms' }],
      ['topic orders: records older than 7 d are deleted'],
    ],
    ['back to what it is anyway', [week], [{ op: 'delete', name: 'retention.ms' }], []],
    [
      'what the broker does not tell, by the default of Kafka',
      [],
      [set('retention.ms', '60000')],
      ['topic orders: records older than 1 min are deleted'],
    ],
    [
      'a limit where there was none',
      [entry('retention.bytes', '-1', 'DEFAULT_CONFIG')],
      [set('retention.bytes', '1048576')],
      ['topic orders: of each partition all but the last 1.0 MiB are deleted'],
    ],
    ['other settings', [week], [set('max.message.bytes', '1')], []],
    ['nonsense, which the broker refuses', [week], [set('retention.ms', 'soon')], []],
  ] as [string, ConfigEntry[], ConfigOperation[], string[]][])('%s', (_, entries, operations, expected) => {
    expect(losses(entries, ...operations)).toEqual(expected)
  })

  it.each([
    ['compact', 'delete', /old records/],
    ['delete', 'compact', /of each key/],
    ['delete', 'delete,compact', /of each key/],
  ])('cleanup.policy from %s to %s', (before, after, loss) => {
    const policy = entry('cleanup.policy', before, 'DYNAMIC_TOPIC_CONFIG')
    expect(losses([policy], set('cleanup.policy', after))).toEqual([expect.stringMatching(loss)])
    expect(losses([policy], set('cleanup.policy', before))).toEqual([])
  })

  it('lists that grow and shrink', () => {
    const both = entry('cleanup.policy', 'compact,delete', 'DYNAMIC_TOPIC_CONFIG')
    const one = entry('cleanup.policy', 'compact', 'DYNAMIC_TOPIC_CONFIG')
    expect(losses([one], { op: 'append', name: 'cleanup.policy', value: 'delete' })).toHaveLength(1)
    expect(losses([both], { op: 'subtract', name: 'cleanup.policy', value: 'delete' })).toEqual([])
  })
})

import { readFileSync } from 'node:fs'
import { describe, expect, expectTypeOf, it } from 'vitest'
import { ADMIN_PROPERTIES } from '../../../src/client/config/admin-properties.ts'
import { CONSUMER_PROPERTIES } from '../../../src/client/config/consumer-properties.ts'
import { PRODUCER_PROPERTIES } from '../../../src/client/config/producer-properties.ts'
import { camelCase, type Property, type PropertyTable } from '../../../src/client/config/property.ts'
import {
  adminSettings,
  consumerSettings,
  type ProducerProperties,
  producerSettings,
  sharedSettings,
} from '../../../src/client/index.ts'

const SETTINGS = { producer: producerSettings, consumer: consumerSettings, admin: adminSettings }
const TABLES: Record<keyof typeof SETTINGS, PropertyTable> = {
  producer: PRODUCER_PROPERTIES,
  consumer: CONSUMER_PROPERTIES,
  admin: ADMIN_PROPERTIES,
}
const KINDS = Object.keys(TABLES) as (keyof typeof SETTINGS)[]

describe('client configurations: names and values', () => {
  it("takes Kafka's names and camelCase, texts and typed values", () => {
    const texts = producerSettings({
      'bootstrap.servers': 'one:9092, [::1]:9093',
      'linger.ms': ' 5 ',
      acks: 'all',
      'enable.idempotence': 'FALSE',
      'request.timeout.ms': '1000',
    })
    expect(texts).toEqual({
      client: {
        bootstrap: [
          { kind: 'tcp', host: 'one', port: 9092 },
          { kind: 'tcp', host: '::1', port: 9093 },
        ],
        requestTimeoutMs: 1000,
      },
      producer: { lingerMs: 5, acks: -1, enableIdempotence: false, requestTimeoutMs: 1000 },
      library: new Map(),
    })
    const typed = {
      bootstrapServers: ['one:9092', '[::1]:9093'],
      lingerMs: 5,
      acks: -1,
      enableIdempotence: false,
      requestTimeoutMs: 1000,
    } satisfies ProducerProperties
    expect(producerSettings(typed)).toEqual(texts)
  })

  it('is typed by its table', () => {
    expectTypeOf<ProducerProperties['linger.ms']>().toEqualTypeOf<number | `${number}` | undefined>()
    expectTypeOf<ProducerProperties['compressionType']>().toEqualTypeOf<
      'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd' | undefined
    >()
    expectTypeOf<ProducerProperties['acks']>().toEqualTypeOf<
      'all' | '-1' | -1 | '0' | 0 | '1' | 1 | undefined
    >()
  })

  it.each([
    [{ 'linger.ms': '5s' }, 'Invalid value 5s for configuration linger.ms: Not a number of type LONG'],
    [{ lingerMs: 0.5 }, 'Invalid value 0.5 for configuration linger.ms: Not a number of type LONG'],
    [{ 'linger.ms': -1 }, 'Invalid value -1 for configuration linger.ms: Value must be at least 0'],
    [{ acks: '2' }, 'Invalid value 2 for configuration acks: String must be one of: all, -1, 0, 1'],
    [{ lingerMs: {} }, 'Invalid value object for configuration linger.ms: Expected value to be a number'],
    [
      { 'enable.idempotence': 'yes' },
      'Invalid value yes for configuration enable.idempotence: Expected value to be either true or false',
    ],
    [
      { 'compression.gzip.level': 0 },
      'Invalid value 0 for configuration compression.gzip.level: Value must be between 1 and 9 or equal to -1',
    ],
    [{ 'bootstrap.servers': 'one:99999' }, "bootstrap.servers has the address 'one:99999'"],
    [{ 'linger.ms': 1, lingerMs: 2 }, 'linger.ms is given twice, also as lingerMs'],
    [
      { 'partitioner.class': 'com.example.Mine' },
      'Invalid value com.example.Mine for configuration partitioner.class: Class com.example.Mine could not be found.',
    ],
  ])('refuses %o', (properties, message) => {
    expect(() => producerSettings(properties)).toThrow(expect.objectContaining({ message }))
  })

  it('names the nearest for a name that is not known, or goes on with a warning', () => {
    expect(() => producerSettings({ 'linger.mss': 1 })).toThrow(
      expect.objectContaining({
        message: 'the configuration linger.mss is not known',
        hint: 'Did you mean linger.ms?',
      }),
    )
    expect(() => consumerSettings({ groupid: 'g' })).toThrow(
      expect.objectContaining({ hint: 'Did you mean groupId?' }),
    )
    const warnings: string[] = []
    const { producer } = producerSettings(
      { mine: 1, acks: '1' },
      { onUnknown: (text) => warnings.push(text) },
    )
    expect(producer).toEqual({ acks: 1 })
    expect(warnings).toEqual(['the configuration mine is not known'])
  })

  it('hands serializers and interceptors on as they are', () => {
    const serializer = (value: unknown) => Buffer.from(String(value))
    const { library } = producerSettings({ valueSerializer: serializer, 'interceptor.classes': [serializer] })
    expect([...library]).toEqual([
      ['value.serializer', serializer],
      ['interceptor.classes', [serializer]],
    ])
  })

  it("understands the names of Kafka's classes", () => {
    const assignors = (value: unknown) =>
      consumerSettings({ 'partition.assignment.strategy': value }).consumer.partitionAssignors
    const custom = { name: 'mine' }
    expect(
      assignors(
        'org.apache.kafka.clients.consumer.StickyAssignor,org.apache.kafka.clients.consumer.RangeAssignor',
      ),
    ).toEqual(['sticky', 'range'])
    expect(assignors(['cooperative-sticky', custom])).toEqual(['cooperative-sticky', custom])
    expect(() => assignors('constructor')).toThrow('Class constructor could not be found')
    const { partitioner } = producerSettings({
      'partitioner.class': 'org.apache.kafka.clients.producer.RoundRobinPartitioner',
    }).producer
    expect(typeof partitioner).toBe('function')
  })

  it('takes a shortest reconnect pause that is given alone as the longest, too', () => {
    expect(adminSettings({ 'reconnect.backoff.ms': 5000 }).client).toEqual({
      reconnectBackoffMs: 5000,
      reconnectBackoffMaxMs: 5000,
    })
  })
})

describe('client configurations: a file for several clients', () => {
  it('gives what they have in common, and knows what only one of them has', () => {
    const properties = { acks: '1', 'max.poll.records': '5', 'request.timeout.ms': '7', retries: '3' }
    expect(sharedSettings(properties)).toEqual({ requestTimeoutMs: 7, retries: 3 })
    expect(() => sharedSettings({ 'max.poll.records': 'many' })).toThrow('max.poll.records')
    expect(() => sharedSettings({ nosuch: '1' })).toThrow('nosuch is not known')
  })
})

describe('client configurations: what is refused', () => {
  it.each([
    [
      { 'security.protocol': 'SASL_SSL' },
      'security.protocol is SASL_SSL, and the clients of kcli do not log in yet',
    ],
    [{ securityProtocol: 'ssl' }, 'security.protocol is ssl, and the clients of kcli do not speak TLS yet'],
    [{ 'sasl.mechanism': 'PLAIN' }, 'sasl.mechanism is set, and the clients of kcli do not log in yet'],
    [{ 'transactional.id': 't' }, 'transactional.id is set, and transactions are not supported yet'],
    [
      { 'metric.reporters': ['com.example.Mine'] },
      'metric.reporters is set, and metrics are read from the client itself, with metrics()',
    ],
  ])('refuses %o', (properties, message) => {
    expect(() => producerSettings(properties)).toThrow(expect.objectContaining({ message }))
  })

  it('never repeats a password', () => {
    for (const name of ['sasl.jaas.config', 'ssl.key.password', 'ssl.keystore.key']) {
      for (const secret of ['hunter2', ['hunter2'], { hunter2: 'hunter2' }]) {
        expect(() => producerSettings({ [name]: secret })).toThrow(
          expect.objectContaining({ message: expect.not.stringContaining('hunter2') }),
        )
      }
    }
  })

  it('leaves what has its default alone', () => {
    for (const kind of KINDS) {
      const defaults = Object.entries(TABLES[kind]).filter(([, { default: value }]) => value !== null)
      expect(() =>
        SETTINGS[kind](Object.fromEntries(defaults.map(([name, p]) => [name, p.default]))),
      ).not.toThrow()
    }
  })
})

describe('client configurations: the tables', () => {
  it.each(KINDS)('say for every configuration of a %s what becomes of it', (kind) => {
    for (const [name, property] of Object.entries(TABLES[kind])) {
      const fates = [property.fills, property.library, property.refused, property.unused]
      expect([name, fates.filter((fate) => fate !== undefined).length]).toEqual([name, 1])
    }
  })

  it.each(KINDS)('have no two names of a %s that are one in camelCase', (kind) => {
    const names = Object.keys(TABLES[kind])
    expect(new Set(names.map(camelCase)).size).toBe(names.length)
  })

  /** What Kafka 3.9.1 says of its configurations (ConfigDef of the three clients), as its own classes print it. */
  it.each(KINDS)('are those of Kafka for a %s', (kind) => {
    const facts = readFileSync(new URL(`kafka-${kind}-configs.txt`, import.meta.url), 'utf8')
    expect(Object.entries(TABLES[kind]).map(line).sort().join('\n')).toBe(facts.trim())
  })
})

function line([name, property]: [string, Property]): string {
  return [name, property.type, property.default ?? 'null', property.valid ?? ''].join(' | ').trim()
}

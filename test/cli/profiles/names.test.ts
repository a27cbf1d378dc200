import { describe, expect, it } from 'vitest'
import { fromLibrdkafka, librdkafkaNames, withLogin } from '../../../src/cli/profiles/librdkafka-names.ts'
import { meaningOf } from '../../../src/cli/profiles/property-list.ts'
import { MEANINGS } from '../../../src/cli/profiles/property-meanings.ts'
import { isSecretName, shownValue } from '../../../src/cli/profiles/secrets.ts'
import { knownProperties } from '../../../src/client/index.ts'

describe("librdkafka's names", () => {
  it('lead to configurations that clients here know', () => {
    const known = knownProperties()
    expect(librdkafkaNames().filter(({ kafkaName }) => !known.has(kafkaName))).toEqual([])
  })

  it.each([
    ['metadata.broker.list', 'a:1', { 'bootstrap.servers': 'a:1' }],
    ['queue.buffering.max.kbytes', '64', { 'buffer.memory': '65536' }],
    ['queue.buffering.max.kbytes', 'env:KB', { 'buffer.memory': 'env:KB' }],
    ['auto.offset.reset', 'smallest', { 'auto.offset.reset': 'earliest' }],
    ['topic.request.required.acks', '-1', { acks: '-1' }],
    ['socket.send.buffer.bytes', '0', { 'send.buffer.bytes': '-1' }],
    ['ssl.ca.location', '/ca.pem', { 'ssl.truststore.location': '/ca.pem', 'ssl.truststore.type': 'PEM' }],
    ['ssl.key.location', '/k.pem', { 'ssl.keystore.key': 'file:/k.pem', 'ssl.keystore.type': 'PEM' }],
    ['linger.ms', '5', undefined],
  ])('%s=%s', (name, value, expected) => {
    expect(fromLibrdkafka(name, value)).toEqual(expected)
  })

  it('make a login of user and password, as the mechanism wants it', () => {
    const login = (mechanism: string) =>
      Object.fromEntries(
        withLogin(
          new Map([
            ['sasl.mechanism', mechanism],
            ['sasl.username', 'ann'],
            ['sasl.password', 'a"b'],
          ]),
        ),
      )
    expect(login('SCRAM-SHA-512')).toEqual({
      'sasl.mechanism': 'SCRAM-SHA-512',
      'sasl.jaas.config':
        'org.apache.kafka.common.security.scram.ScramLoginModule required username="ann" password="a\\"b";',
    })
    expect(login('PLAIN')['sasl.jaas.config']).toContain('plain.PlainLoginModule')
    expect(withLogin(new Map([['acks', '1']]))).toEqual(new Map([['acks', '1']]))
  })
})

describe('-X list', () => {
  it('says of every configuration what it means, or why it does nothing here', () => {
    const known = [...knownProperties().values()]
    expect(known.filter((property) => meaningOf(property) === '').map(({ name }) => name)).toEqual([])
    const names = new Set(known.map(({ name }) => name))
    expect(Object.keys(MEANINGS).filter((name) => !names.has(name))).toEqual([])
  })
})

describe('secrets', () => {
  it("are Kafka's passwords and librdkafka's, and are never shown", () => {
    const secret = [...knownProperties().values()].filter(({ type }) => type === 'PASSWORD')
    expect(secret.length).toBeGreaterThan(5)
    for (const name of [...secret.map((property) => property.name), 'sasl.password', 'ssl.key.pem'])
      expect(shownValue(name, 'hunter2')).toBe('***')
    expect(isSecretName('sasl.username')).toBe(false)
    expect(shownValue('sasl.password', 'env:PASSWORD')).toBe('env:PASSWORD')
  })
})

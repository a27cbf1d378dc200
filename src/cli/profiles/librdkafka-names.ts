import { isReference } from './secrets.ts'

/** Into one of Kafka's properties or more. */
type Translate = (value: string) => Readonly<Record<string, string>>

const renamed =
  (name: string, change: (value: string) => string = (value) => value): Translate =>
  (value) => ({ [name]: isReference(value) ? value : change(value) })

const words = (name: string, table: Readonly<Record<string, string>>) =>
  renamed(name, (value) => (Object.hasOwn(table, value) ? (table[value] ?? value) : value))

/** The file itself becomes the value of a property that takes PEM. */
const fileOf = (name: string) => (value: string) => ({ [name]: `file:${value}`, 'ssl.keystore.type': 'PEM' })
const pemOf = (name: string, type: string) => (value: string) => ({ [name]: value, [type]: 'PEM' })

/** 0 is the system's own size there, -1 is it here. */
const bufferSize = (name: string) => words(name, { '0': '-1' })

/** What librdkafka calls otherwise, or says with other values (its CONFIGURATION.md, release 2.x). */
const TRANSLATIONS: Readonly<Record<string, Translate>> = {
  'metadata.broker.list': renamed('bootstrap.servers'),
  'message.max.bytes': renamed('max.request.size'),
  'max.in.flight': renamed('max.in.flight.requests.per.connection'),
  'topic.metadata.refresh.interval.ms': renamed('metadata.max.age.ms'),
  'socket.timeout.ms': renamed('request.timeout.ms'),
  'socket.send.buffer.bytes': bufferSize('send.buffer.bytes'),
  'socket.receive.buffer.bytes': bufferSize('receive.buffer.bytes'),
  'ssl.ca.location': (value) => ({ 'ssl.truststore.location': value, 'ssl.truststore.type': 'PEM' }),
  'ssl.ca.pem': pemOf('ssl.truststore.certificates', 'ssl.truststore.type'),
  'ssl.certificate.location': fileOf('ssl.keystore.certificate.chain'),
  'ssl.certificate.pem': pemOf('ssl.keystore.certificate.chain', 'ssl.keystore.type'),
  'ssl.key.location': fileOf('ssl.keystore.key'),
  'ssl.key.pem': pemOf('ssl.keystore.key', 'ssl.keystore.type'),
  'ssl.endpoint.identification.algorithm': words('ssl.endpoint.identification.algorithm', { none: '' }),
  'sasl.mechanisms': renamed('sasl.mechanism'),
  'fetch.wait.max.ms': renamed('fetch.max.wait.ms'),
  'fetch.message.max.bytes': renamed('max.partition.fetch.bytes'),
  'auto.offset.reset': words('auto.offset.reset', {
    smallest: 'earliest',
    beginning: 'earliest',
    largest: 'latest',
    end: 'latest',
    error: 'none',
  }),
  'queue.buffering.max.ms': renamed('linger.ms'),
  'queue.buffering.max.kbytes': renamed('buffer.memory', (value) => String(Number(value) * 1024)),
  'message.send.max.retries': renamed('retries'),
  'compression.codec': renamed('compression.type'),
  'request.required.acks': renamed('acks'),
  'message.timeout.ms': renamed('delivery.timeout.ms'),
}

/** Known there, and nothing here would act upon them. */
const WITHOUT_MEANING: ReadonlySet<string> = new Set([
  'api.version.fallback.ms',
  'api.version.request',
  'api.version.request.timeout.ms',
  'batch.num.messages',
  'broker.address.family',
  'broker.address.ttl',
  'broker.version.fallback',
  'builtin.features',
  'compression.level',
  'debug',
  'enable.auto.offset.store',
  'enable.partition.eof',
  'enable.sparse.connections',
  'fetch.error.backoff.ms',
  'fetch.queue.backoff.ms',
  'log.connection.close',
  'log.queue',
  'log.thread.name',
  'log_level',
  'partitioner',
  'queue.buffering.backpressure.threshold',
  'queue.buffering.max.messages',
  'queued.max.messages.kbytes',
  'queued.min.messages',
  'socket.keepalive.enable',
  'socket.max.fails',
  'socket.nagle.disable',
  'statistics.interval.ms',
  'sticky.partitioning.linger.ms',
  'topic.metadata.propagation.max.ms',
  'topic.metadata.refresh.fast.interval.ms',
  'topic.metadata.refresh.sparse',
])

/** Put together into Kafka's `sasl.jaas.config` when everything is known, see {@link withLogin}. */
export const LOGIN_NAMES = ['sasl.username', 'sasl.password'] as const

/** One of librdkafka's properties by Kafka's names; undefined when it is none that needs a translation. */
export function fromLibrdkafka(name: string, value: string): Readonly<Record<string, string>> | undefined {
  // kcat writes properties of topics with this in front, too.
  const plain = name.replace(/^topic\./, '')
  return Object.hasOwn(TRANSLATIONS, plain) ? TRANSLATIONS[plain]?.(value) : undefined
}

export function isWithoutMeaning(name: string): boolean {
  return WITHOUT_MEANING.has(name)
}

/** librdkafka's name and Kafka's, for lists. */
export function librdkafkaNames(): { readonly name: string; readonly kafkaName: string }[] {
  const translated = Object.entries(TRANSLATIONS).map(([name, translate]) => ({
    name,
    kafkaName: Object.keys(translate('x'))[0] ?? name,
  }))
  const login = LOGIN_NAMES.map((name) => ({ name, kafkaName: 'sasl.jaas.config' }))
  return [...translated.filter(({ name, kafkaName }) => name !== kafkaName), ...login]
}

const LOGIN_MODULES: readonly (readonly [RegExp, string])[] = [
  [/^PLAIN$/i, 'org.apache.kafka.common.security.plain.PlainLoginModule'],
  [/^SCRAM-/i, 'org.apache.kafka.common.security.scram.ScramLoginModule'],
]

/** User and password become what Kafka's clients log in with. Values are resolved by now. */
export function withLogin(properties: ReadonlyMap<string, string>): Map<string, string> {
  const found = new Map(properties)
  const [user, password] = LOGIN_NAMES.map((name) => found.get(name))
  for (const name of LOGIN_NAMES) found.delete(name)
  if ((user === undefined && password === undefined) || found.has('sasl.jaas.config')) return found
  const mechanism = found.get('sasl.mechanism') ?? 'PLAIN'
  const module = LOGIN_MODULES.find(([pattern]) => pattern.test(mechanism))?.[1]
  if (module === undefined) return found
  const quoted = (text = '') => `"${text.replace(/["\\]/g, '\\$&')}"`
  return found.set(
    'sasl.jaas.config',
    `${module} required username=${quoted(user)} password=${quoted(password)};`,
  )
}

/** `kcli console-producer` and `console-consumer` beside Kafka's own, on the same Apache Kafka: the same bytes. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { JavaDriver } from './support/driver.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { createKcliHome, type KcliHome, kcli } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

const DESERIALIZERS = 'org.apache.kafka.common.serialization'

describeInterop('the console tools', ['kafka', 'driver'], () => {
  let kafka: KafkaCluster
  let java: JavaDriver
  let home: KcliHome

  beforeAll(async () => {
    kafka = await startKafka({ brokers: 1 })
    java = new JavaDriver()
    home = createKcliHome()
    await ours('topics', ['create', 'read', 'written-by-kcli', 'written-by-kafka', '--partitions', '1'])
    await ours('topics', ['create', 'appended', '--config', 'message.timestamp.type=LogAppendTime'])
    const records = [
      '{"key":"k1","value":"v1","timestamp":1000}',
      '{"key":null,"value":"no key","timestamp":2000,"headers":[{"key":"h","value":"1"},{"key":"n","value":null}]}',
      '{"key":"gone","value":null,"timestamp":3000}',
      '{"key":"","value":"","timestamp":4000}',
      '{"keyBase64":"AAAAKg==","valueBase64":"AAAAAAAAAAc=","timestamp":5000}',
      '{"keyBase64":"/w==","valueBase64":"/v8=","timestamp":6000}',
    ]
    for (const topic of ['read', 'appended'])
      await ours('produce', [topic, '--input', 'ndjson'], `${records.join('\n')}\n`)
    // The first member of a group makes the broker create its topic of offsets, which takes longer than a test waits.
    const first = ['--topic', 'read', '--from-beginning', '--max-messages', '1', '--timeout-ms', '20000']
    await theirs('kafka-console-consumer', first)
  })
  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
    home?.remove()
  })

  const ours = async (command: string, args: readonly string[], stdin = '') => {
    const all = [command, ...args, '--bootstrap-server', kafka.bootstrap]
    const { stdout, stderr, code } = await kcli(home, all, { stdin })
    return { stdout, stderr, code }
  }
  const theirs = async (
    tool: 'kafka-console-consumer' | 'kafka-console-producer',
    args: readonly string[],
    stdin = '',
  ) => {
    const all = ['--bootstrap-server', kafka.bootstrap, ...args]
    const { stdout, stderr, code } = await java.runTool(tool, all, { stdin })
    return { stdout, stderr, code }
  }
  const count = (stderr: string) => /Processed a total of \d+ messages/.exec(stderr)?.[0]

  const printed = (...names: string[]) => names.map((name) => `--property print.${name}=true`).join(' ')
  const all = printed('timestamp', 'partition', 'offset', 'headers', 'key', 'value')

  it.each([
    '--from-beginning',
    `--from-beginning ${all}`,
    `--from-beginning ${printed('key')}`,
    `--from-beginning ${printed('headers', 'offset')} --property print.value=false`,
    `--from-beginning --property print.value=false`,
    `--from-beginning ${all} --property key.separator=| --property headers.separator=; --property line.separator=$`,
    `--from-beginning ${all} --property null.literal=NIL`,
    '--partition 0 --offset 2',
    '--partition 0 --offset earliest',
    '--partition 0 --offset latest',
    '--partition 0 --offset 4 --max-messages 1',
    '--partition 0 --from-beginning --max-messages 2',
    '--max-messages 0 --from-beginning',
    '--from-beginning --formatter org.apache.kafka.tools.consumer.NoOpMessageFormatter',
    '--from-beginning --formatter kafka.tools.DefaultMessageFormatter',
    '--from-beginning --isolation-level read_committed',
    '--from-beginning --consumer-property max.poll.records=2',
    `--partition 0 --offset 4 --max-messages 1 ${printed('key')} --key-deserializer ${DESERIALIZERS}.IntegerDeserializer --value-deserializer ${DESERIALIZERS}.LongDeserializer`,
    `--from-beginning ${printed('key')} --key-deserializer ${DESERIALIZERS}.StringDeserializer --value-deserializer ${DESERIALIZERS}.StringDeserializer`,
  ])('console-consumer %s', async (flags) => {
    const args = ['--topic', 'read', '--timeout-ms', '1500', ...flags.split(' ')]
    const [own, real] = await Promise.all([
      ours('console-consumer', args),
      theirs('kafka-console-consumer', args),
    ])
    expect(own.stdout).toBe(real.stdout)
    expect(count(own.stderr)).toBe(count(real.stderr))
    expect(own.code).toBe(0)
  })

  it('console-consumer shows the time of the log, and topics by expression', async () => {
    for (const args of [
      ['--topic', 'appended', ...printed('timestamp').split(' ')],
      ['--include', 'app.*', ...printed('timestamp', 'partition').split(' ')],
    ]) {
      const full = [...args, '--from-beginning', '--timeout-ms', '1500']
      const own = await ours('console-consumer', full)
      expect(own.stdout).toBe((await theirs('kafka-console-consumer', full)).stdout)
      expect(own.stdout).toMatch(/^LogAppendTime:\d+\t/)
    }
  })

  it.each<[string, string]>([
    ['', 'one\n\ntwo\r\nthree\rfour\nlast without an end'],
    ['--property parse.key=true', 'k\tv\n\tempty key\nk\t\n'],
    ['--property parse.key=true --property key.separator=:', 'k:v:w\n'],
    ['--property parse.key=true --property ignore.error=true', 'no separator\nk\tv\n'],
    ['--property parse.headers=true', 'a:1,b:2\tvalue\n'],
    ['--property parse.headers=true --property parse.key=true', 'a:1,a:2\tk\tv\n'],
    [
      '--property parse.headers=true --property parse.key=true --property null.marker=NIL',
      'NIL\tNIL\tNIL\na:NIL\tk\tNIL\n',
    ],
    [
      '--property parse.headers=true --property headers.delimiter=| --property headers.separator=; --property headers.key.separator==',
      'a=1;b=2|value\n',
    ],
    ['--property null.marker=NIL', 'NIL\nNILS\n'],
    ['--compression-codec gzip --sync', 'a\nb\n'],
    ['--compression-codec --batch-size 10', 'a\nb\n'],
    ['--request-required-acks 1 --producer-property linger.ms=5', 'a\n'],
    // What comes before the bad line is sent, what follows is not.
    ['--property parse.key=true', 'k\tfirst\nbad\nk\tnever\n'],
  ])('console-producer %s', async (flags, stdin) => {
    const args = (topic: string) => ['--topic', topic, ...flags.split(' ').filter((word) => word !== '')]
    const [own] = await Promise.all([
      ours('console-producer', args('written-by-kcli'), stdin),
      theirs('kafka-console-producer', args('written-by-kafka'), stdin),
    ])
    const written = async (topic: string) => {
      const read = ['--topic', topic, '--from-beginning', '--timeout-ms', '1000']
      return (await ours('console-consumer', [...read, ...printed('headers', 'key', 'offset').split(' ')]))
        .stdout
    }
    expect(await written('written-by-kcli'), own.stderr).toBe(await written('written-by-kafka'))
  })

  it.each<['console-consumer' | 'console-producer', string]>([
    ['console-consumer', ''],
    ['console-consumer', '--topic a --include b'],
    ['console-consumer', '--partition 0 --include b'],
    ['console-consumer', '--topic a --offset 3'],
    ['console-consumer', '--topic a --partition 0 --offset -3'],
    ['console-consumer', '--topic a --partition 0 --offset soon'],
    ['console-consumer', '--topic a --partition 0 --offset 1 --from-beginning'],
    ['console-consumer', '--topic a --from-beginning --consumer-property auto.offset.reset=latest'],
    ['console-consumer', '--topic a --isolation-level none'],
    ['console-consumer', '--topic a --formatter no.such.Formatter'],
    ['console-producer', ''],
    ['console-producer', '--topic a --compression-codec zip'],
    ['console-producer', '--topic a --property null.marker=: --property headers.key.separator=:'],
  ])('both refuse %s %s', async (command, flags) => {
    const args = flags.split(' ').filter((word) => word !== '')
    const [own, real] = await Promise.all([ours(command, args), theirs(`kafka-${command}`, args)])
    expect(real.code).not.toBe(0)
    expect(own).toMatchObject({ code: 2, stdout: '' })
    expect(own.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2)
  })
})

/** kafka-console-consumer and kafka-console-producer beside Kafka's own, on the same brokers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaConsoleConsumer } from '../../src/cli/kafka-tools/kafka-console-consumer.ts'
import { kafkaConsoleProducer } from '../../src/cli/kafka-tools/kafka-console-producer.ts'
import { JavaDriver } from './support/driver.ts'
import { DropInComparison, runDropIn } from './support/drop-ins.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { describeInterop } from './support/suite.ts'

/** The records here are from 1970; half a minute after its start a broker would delete them. */
const KEEP = { 'log.initial.task.delay.ms': '3600000' }

describeInterop('drop-in console tools', ['kafka', 'driver'], () => {
  let kafka: KafkaCluster
  let java: JavaDriver
  let dir: string

  beforeAll(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-drop-ins-'))
    writeFileSync(path.join(dir, 'a.properties'), 'group.id=a\nauto.offset.reset=latest\n')
    java = new JavaDriver()
    kafka = await startKafka({ brokers: 1, config: { 'num.partitions': '1', ...KEEP } })
    const send = ['one', 'two', 'three'].map((value, i) => ({
      ...{ topic: 'read', partition: 0, timestamp: 1000 + i, key: i === 1 ? null : `k${i}`, value },
      headers: [['h', 'v']] as const,
    }))
    await java.produce({ 'bootstrap.servers': kafka.bootstrap }, [{ send }, { flush: true }])
    const transactional = { 'bootstrap.servers': kafka.bootstrap, 'transactional.id': 'a-transaction' }
    const one = [{ topic: 'transacted', partition: 0, value: 'v' }]
    await java.produce(transactional, [{ begin: true }, { send: one }, { commit: true }])
    // The first member of a group makes the broker create its topic of offsets, which takes longer than a row waits.
    await consumed('@ --topic read --from-beginning --max-messages 1 --timeout-ms 20000')
  })
  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  /** FILE is a property file that names a group. */
  const withFile = (line: string) => line.replaceAll('FILE', path.join(dir, 'a.properties'))
  const consumed = (line: string) =>
    new DropInComparison(java, 'kafka-console-consumer', kafkaConsoleConsumer, kafka.bootstrap).same(
      withFile(line),
    )

  describe('kafka-console-consumer', () => {
    it.each([
      '',
      '--help',
      '--version',
      '--nosuch',
      '--topic',
      '@',
      '--topic t',
      '@ --topic t --include u',
      '@ --topic t --whitelist u',
      '@ --whitelist u --offset 1',
      '@ --topic t --offset earliest',
      '@ --topic a$b --timeout-ms 20000',
      '@ --include t --partition 0',
      '@ --topic t --partition x',
      '@ --topic t --partition 0 --from-beginning --offset 3',
      '@ --topic t --partition 0 --offset -1',
      '@ --topic t --partition 0 --offset x',
      '@ --topic t --partition 0 --group g',
      '@ --topic t --group g --consumer-property group.id=h',
      '@ --topic t --group g --consumer.config FILE',
      '@ --topic t --partition 0 --consumer.config FILE',
      '@ --topic t --consumer.config /no/such/file',
      '@ --topic t --from-beginning --consumer.config FILE',
      '@ --topic t --from-beginning --consumer-property auto.offset.reset=none',
      '@ --topic t --max-messages x',
      '@ --topic t --max-messages -5 --timeout-ms 500',
      '@ --topic t --topic u',
      '@ --topic t --formatter-config /no/such/file',
      '@ --topic t --formatter-config /tmp',
      '@ --topic t --consumer.config /tmp',
      '@ --topic t --consumer-property session.timeout.ms=x',
      '@ --topic t --from-beginning=1 words --timeout-ms 500',
      '@ --include',
      '@ --topic t --timeout-ms x',
      '@ --topic t --formatter no.such.Formatter',
      '@ --topic t --isolation-level what',
      '@ --topic t --consumer-property max.poll.records=x',
      '--bootstrap-server localhost --topic t',
      '@ --topic read --from-beginning --timeout-ms 1500',
      '@ --topic read --timeout-ms 500',
      '@ --topic read --from-beginning --max-messages 2',
      '@ --topic read --from-beginning --max-messages 0',
      '@ --include rea. --from-beginning --max-messages 3 --property print.key=true',
      '@ --whitelist rea. --from-beginning --max-messages 3',
      '@ --topic read --partition 0 --offset 1 --max-messages 2 --property print.timestamp=true --property print.headers=true',
      '@ --topic read --partition 0 --offset earliest --max-messages 1 --property print.offset=true --property print.partition=true',
      '@ --topic read --partition 0 --timeout-ms 500',
      '@ --topic read --partition 0 --from-beginning --timeout-ms 500',
      '@ --topic read --from-beginning --max-messages 2 --formatter kafka.tools.DefaultMessageFormatter',
      '@ --topic read --from-beginning --max-messages 2 --formatter org.apache.kafka.tools.consumer.NoOpMessageFormatter',
      '@ --topic read --from-beginning --max-messages 2 --isolation-level read_committed --property key.separator=: --property print.key=true --property null.literal=NIL',
      '@ --topic read --group own% --from-beginning --max-messages 2 --consumer-property max.poll.records=1',
      '@ --topic read --group own% --from-beginning --max-messages 1',
      '@ --topic=read --from-beginning --max-messages=1',
      '@ --topic read --from-beginning --max-messages 2 --value-deserializer org.apache.kafka.common.serialization.IntegerDeserializer',
      '@ --topic read --from-beginning --max-messages 3 --value-deserializer org.apache.kafka.common.serialization.DoubleDeserializer --skip-message-on-error',
    ])('%s', async (line) => {
      await consumed(line)
    })
  })

  it('kafka-console-consumer takes the names of Kafka 4', async () => {
    const words = `--bootstrap-server ${kafka.bootstrap} --topic read --from-beginning --max-messages 2`
    const run = (more: string) => runDropIn(kafkaConsoleConsumer, `${words} ${more}`.split(' '))
    const wanted = await run('--property print.key=true --consumer-property max.poll.records=1')
    expect(wanted).toMatchObject({ code: 0, out: 'k0\tone\nnull\ttwo\n' })
    expect(await run('--formatter-property print.key=true --command-property max.poll.records=1')).toEqual(
      wanted,
    )
  })

  describe('kafka-console-consumer, on internal topics', () => {
    const TOOLS = 'org.apache.kafka.tools.consumer'
    const GROUPS = 'kafka.coordinator.group.GroupMetadataManager'
    let shown = ''

    it.each([
      ...[0, 1, 2].flatMap((partition) =>
        [
          `${TOOLS}.OffsetsMessageFormatter`,
          `${TOOLS}.GroupMetadataMessageFormatter`,
          `${GROUPS}$OffsetsMessageFormatter`,
        ].map((formatter) => ['__consumer_offsets', partition, formatter] as const),
      ),
      ...[0, 1].map(
        (partition) => ['__transaction_state', partition, `${TOOLS}.TransactionLogMessageFormatter`] as const,
      ),
    ])('%s-%i with %s', async (topic, partition, formatter) => {
      const { out } = await consumed(
        `@ --topic ${topic} --partition ${partition} --from-beginning --timeout-ms 1000 --formatter ${formatter}`,
      )
      shown += out
    })

    it('had something to show', () => {
      for (const text of ['"commitTimestamp":', '::OffsetAndMetadata(', '"subscription":', '"a-transaction"'])
        expect(shown).toContain(text)
    })
  })

  describe('kafka-console-producer', () => {
    const same = (line: string, stdin: string) =>
      new DropInComparison(java, 'kafka-console-producer', kafkaConsoleProducer, kafka.bootstrap).same(
        withFile(line),
        undefined,
        stdin,
      )

    it.each<[string, string]>([
      ['', ''],
      ['--help', ''],
      ['--version', ''],
      ['--nosuch', ''],
      ['--topic t', ''],
      ['@', ''],
      ['--broker-list localhost --topic t', ''],
      ['--bootstrap-server localhost --topic t', ''],
      ['@ --topic t --batch-size x', ''],
      ['@ --topic t --timeout x', ''],
      ['@ --topic t --batch-size', ''],
      ['@ --topic t --compression-codec what', ''],
      ['@ --topic t --request-required-acks 7', ''],
      ['@ --topic t --producer-property acks=x', ''],
      ['@ --topic t --producer.config /tmp', ''],
      ['@ --topic t --max-block-ms x', ''],
      ['@ --topic t --max-memory-bytes -1', ''],
      ['@ --topic t --message-send-max-retries x', ''],
      ['--bootstrap-server , --topic t', ''],
      ['--bootstrap-server= --topic t', ''],
      ['@ --topic own% --sync=1 words', 'zero\n'],
      ['@ --topic t --topic u', ''],
      ['@ --topic t --producer.config /no/such/file', ''],
      ['@ --topic t --reader-config /no/such/file', ''],
      ['@ --topic t --line-reader no.such.Reader', ''],
      ['@ --topic t --property headers.separator=: --property headers.key.separator=:', ''],
      ['@ --topic own% --property parse.key=true', 'k\tv\nno separator\n'],
      ['@ --topic own% --property parse.headers=true', 'nothing\n'],
      ['@ --topic own% --property parse.headers=true', 'a:1,b\tvalue\n'],
      ['@ --topic own% --sync', 'one\ntwo\n'],
      ['@ --topic own% --compression-codec', 'three\n'],
      ['@ --topic own% --compression-codec zstd --request-required-acks 1 --timeout 5', 'four\n'],
      ['@ --topic own%', 'five\n\nseven without an end'],
    ])('%s', async (line, stdin) => {
      await same(line, stdin)
    })

    it('has stored the same', async () => {
      const bootstrap = kafka.bootstrap
      const flags =
        '--from-beginning --timeout-ms 1500 --property print.key=true --property print.headers=true'
      const read = async (side: string) => {
        const words = `--bootstrap-server ${bootstrap} --topic own${side} ${flags}`.split(' ')
        return (await java.runTool('kafka-console-consumer', words)).stdout
      }
      const theirs = await read('x')
      expect(theirs).toContain('seven without an end')
      expect(await read('y')).toBe(theirs)
    })
  })
})

/** The stand-ins for Kafka's two performance tests beside the tools themselves: the same text, but for the figures. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaConsumerPerfTest } from '../../src/cli/kafka-tools/kafka-consumer-perf-test.ts'
import { kafkaProducerPerfTest } from '../../src/cli/kafka-tools/kafka-producer-perf-test.ts'
import { JavaDriver } from './support/driver.ts'
import { DropInComparison, type Printed, runDropIn } from './support/drop-ins.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { describeInterop } from './support/suite.ts'

/** Figures are what differs, and the name of the group that is invented. */
function withoutFigures({ out, err, code }: Printed): Printed {
  const plain = (text: string) =>
    text.replaceAll(/perf-consumer-\d+ *\)? */g, 'GROUP').replaceAll(/\b\d+(\.\d+)?\b/g, 'N')
  return { out: plain(out), err: plain(err), code }
}

/** Groups, names and tags; the version of the client and what names its group have no counterpart. */
function metricNames(text: string): string[] {
  return text
    .split('\n')
    .flatMap((row) => /^((?:producer|consumer)-[\w-]*metrics:.*?) *: [\w.-]+$/.exec(row)?.[1] ?? [])
    .map((name) => name.replace(/partition=\d+/, 'partition=N'))
}

describeInterop('performance tests', ['kafka', 'driver'], () => {
  let kafka: KafkaCluster
  let java: JavaDriver
  let dir: string

  beforeAll(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-perf-'))
    java = new JavaDriver()
    kafka = await startKafka({ config: { 'group.initial.rebalance.delay.ms': '0' } })
    const bootstrap = ['--bootstrap-server', kafka.bootstrap]
    await java.runTool('kafka-topics', [...bootstrap, '--create', '--topic', 't', '--partitions', '2'])
  })
  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  describe('kafka-producer-perf-test', () => {
    const props = () => `--producer-props bootstrap.servers=${kafka.bootstrap}`
    const same = async (line: string) => {
      await new DropInComparison(
        java,
        'kafka-producer-perf-test',
        kafkaProducerPerfTest,
        kafka.bootstrap,
      ).same(line, withoutFigures)
    }

    it.each([
      '',
      '--help',
      '-h x',
      '--bogus',
      'a b c',
      '--print-metrics',
      '--topic t',
      '--topic',
      '--topic --num-records 3',
      '--topic t --throughput 1',
      '--topic t --num-records 10 --throughput 1',
      '--topic t --num-records x --record-size 10 --throughput 1',
      '--topic=t --num-records=1 --throughput=x --record-size=5',
      '--topic t --num-records 1 --throughput 1 --record-size 5.5',
      '--topic t --num-records 99999999999999999999 --throughput 1 --record-size 5',
      '--topic t --num-records 10 --record-size 5 --payload-file /x --throughput 1',
      '--topic t --num-records 10 --record-size 5 --throughput 1 --producer-props',
      '--topic t --num-records 10 --record-size 5 --throughput 1',
      '--topic t --num-records 1 --payload-monotonic=3 --throughput 1',
      '--topic t --num-records 1 --record-size 5 --throughput 1 --producer-props foo',
      '--topic t --num-records 1 --record-size 5 --throughput 1 --producer-props a=b=c',
      '--topic t --num-records 1 --record-size 5 --throughput 1 --producer-props bootstrap.servers=x acks=7',
      '--topic t --num-records 1 --payload-monotonic --throughput 1 --producer.config /no/such/file',
      '--topic t --num-records 1 --payload-file /no/such/file --throughput 1 --producer-props a=b',
    ])('refuses and helps as the original: %s', same)

    it.each([
      '--topic t --num-records 100 --record-size 10 --throughput -1',
      '--topic t --num-records 100 --record-size 0 --throughput -1',
      '--topic t --num-rec 20 --payload-monotonic --throughput 50',
      '--topic t --num-records 0 --record-size 10 --throughput -1',
      '--topic t --num-records 1 --record-size -4 --throughput -1',
      // Six seconds: a line for the first five.
      '--topic t --num-records 60 --record-size 10 --throughput 10',
    ])('sends as the original: %s', (line) => same(`${line} ${props()}`), 20_000)

    it('sends lines of a file', async () => {
      const file = path.join(dir, 'payloads')
      writeFileSync(file, 'one\ntwo\n\nthree\n')
      await same(`--topic t --num-records 10 --payload-file ${file} --throughput -1 ${props()}`)
      const semicolons = path.join(dir, 'semicolons')
      writeFileSync(semicolons, ';one;two;;three')
      const flags = `--payload-file ${semicolons} --payload-delimiter ;`
      await same(`--topic t --num-records 10 ${flags} --throughput -1 ${props()}`)
    })

    it('shows metrics in the same form', async () => {
      const line = `--topic t --num-records 100 --record-size 10 --throughput -1 --print-metrics ${props()}`
      const theirs = await java.runTool('kafka-producer-perf-test', line.split(' '))
      const ours = await runDropIn(kafkaProducerPerfTest, line.split(' '))
      const known = new Set(metricNames(theirs.stdout))
      expect(metricNames(ours.out).filter((name) => !known.has(name))).toEqual([])
      expect(metricNames(ours.out).length).toBeGreaterThan(40)
    })
  })

  describe('kafka-consumer-perf-test', () => {
    const same = async (line: string) => {
      await new DropInComparison(
        java,
        'kafka-consumer-perf-test',
        kafkaConsumerPerfTest,
        kafka.bootstrap,
      ).same(line, withoutFigures)
    }

    beforeAll(async () => {
      const props = ['--producer-props', `bootstrap.servers=${kafka.bootstrap}`]
      const load = ['--topic', 't', '--num-records', '5000', '--record-size', '10', '--throughput', '-1']
      await java.runTool('kafka-producer-perf-test', [...load, ...props])
    })

    it.each([
      '',
      '--help',
      '--version',
      '--bogus',
      '--topic t --messages 1',
      '@',
      '@ --topic t',
      '@ --topic t --messages',
      '@ --topic t --messages x',
      '@ --topic t --messages 10 --reporting-interval 0',
      '@ --topic t --messages 10 --threads 2',
      '@ --topic t --messages 10 --consumer.config /no/such/file',
    ])('refuses and helps as the original: %s', same)

    it('shows metrics in the same form', async () => {
      const words = [
        '--bootstrap-server',
        kafka.bootstrap,
        '--topic',
        't',
        '--messages',
        '3000',
        '--print-metrics',
      ]
      const theirs = await java.runTool('kafka-consumer-perf-test', words)
      const ours = await runDropIn(kafkaConsumerPerfTest, words)
      const known = new Set(metricNames(theirs.stdout))
      // Kafka's tool prints them when the connections are closed, and their metrics gone.
      const isOfConnections = (name: string) => /^consumer-(node-)?metrics:/.test(name)
      const names = metricNames(ours.out).filter((name) => !isOfConnections(name))
      expect(names.filter((name) => !known.has(name))).toEqual([])
      expect(names.length).toBeGreaterThan(20)
    }, 20_000)

    it.each([
      '@ --topic t --messages 3000 --timeout 5000',
      '@ --topic t --messages 3000 --hide-header --date-format yyyy/MM/dd',
      '@ --topic t --messages 3000 --from-latest --timeout 500',
      '@ --topic t --messages 3000 --show-detailed-stats',
    ])('reads as the original: %s', same, 20_000)
  })
})

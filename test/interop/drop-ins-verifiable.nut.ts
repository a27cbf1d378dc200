/** kafka-e2e-latency and the verifiable clients beside Kafka's own, on Kafka's broker and on ours. */
import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { RunKafkaTool } from '../../src/cli/kafka-tool-command.ts'
import { kafkaE2eLatency } from '../../src/cli/kafka-tools/kafka-e2e-latency.ts'
import { kafkaVerifiableConsumer } from '../../src/cli/kafka-tools/verifiable/consumer.ts'
import { kafkaVerifiableProducer } from '../../src/cli/kafka-tools/verifiable/producer.ts'
import { killWithUs } from './support/child.ts'
import { JavaDriver, runToolProcess, type ToolName } from './support/driver.ts'
import { comparable, DropInComparison, type Printed, runDropIn, shellWords } from './support/drop-ins.ts'
import { childEnv, repositoryDir } from './support/environment.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { createKcliHome, type KcliCluster, type KcliHome, startKcliCluster } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

/** What is older than a week is not there for long. */
const RECENT_MS = Date.now() - 60_000

type Event = Record<string, unknown>

/** What is told, without what differs from run to run and the words of errors. Jackson's order of fields is that of a JVM. */
function eventsOf(text: string): Event[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const { timestamp, avg_throughput: rate, message, ...event } = JSON.parse(line) as Event
      return {
        ...event,
        timestamp: typeof timestamp,
        hasRate: rate !== undefined,
        hasMessage: message !== undefined,
      }
    })
}

describeInterop('tools that verify', ['kafka', 'driver'], () => {
  let kafka: KafkaCluster
  let ours: KcliCluster
  let home: KcliHome
  let java: JavaDriver

  beforeAll(async () => {
    java = new JavaDriver()
    home = createKcliHome()
    kafka = await startKafka()
    ours = await startKcliCluster(home, { brokers: 1 })
    for (const bootstrap of [kafka.bootstrap, ours.bootstrap]) {
      for (const topic of ['ownx', 'owny', 'empty']) {
        const words = ['--create', '--topic', topic, '--partitions', '3']
        await java.runTool('kafka-topics', ['--bootstrap-server', bootstrap, ...words])
      }
    }
  })
  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
    await ours?.stop()
    home?.remove()
  })

  /** Kafka's tool in a JVM of its own, as it ends its JVM; `%` stands for what is a side's own. */
  const both = async (name: ToolName, tool: RunKafkaTool, line: string, bootstrap: string) => {
    const words = (side: string) =>
      shellWords(line.replace('@', `--bootstrap-server ${bootstrap}`).replaceAll('%', side))
    const [theirs, found] = await Promise.all([runToolProcess(name, words('x')), runDropIn(tool, words('y'))])
    const neutral = ({ out, err, code }: Printed) =>
      comparable({ out: out.replaceAll(/\bown[xy]/g, 'own%'), err, code })
    return {
      theirs: neutral({ out: theirs.stdout, err: theirs.stderr, code: theirs.code }),
      found: neutral(found),
    }
  }

  describe('kafka-verifiable-producer', () => {
    const name = 'kafka-verifiable-producer'

    it.each([
      '',
      '--help',
      '--topic t',
      '@',
      '@ --broker-list b:1 --topic t',
      '@ --topic t --acks 5',
      '@ --topic t --max-messages x',
      '@ --topic t --producer.config /no/such/file',
      '--bootstrap-server a --topic t --max-messages 1',
    ])('refuses and helps as the original: %s', async (line) => {
      const { theirs, found } = await both(name, kafkaVerifiableProducer, line, kafka.bootstrap)
      expect(found).toEqual(theirs)
    })

    it.each(['kafka', 'kcli'] as const)('says the same of what it sends to %s', async (broker) => {
      const { bootstrap } = broker === 'kafka' ? kafka : ours
      for (const line of firstFor(broker, [
        `@ --topic own% --max-messages 6 --repeating-keys 2 --value-prefix 7 --message-create-time ${RECENT_MS}`,
        '@ --topic own% --max-messages 3 --repeating-keys 1 --acks 0',
        '@ --topic own% --max-messages 4 --repeating-keys 1 --throughput 20 --acks 1',
        '@ --topic own% --max-messages 0',
        '@ --topic a/b --max-messages 2',
      ])) {
        const { theirs, found } = await both(name, kafkaVerifiableProducer, line, bootstrap)
        expect(eventsOf(found.out), line).toEqual(eventsOf(theirs.out))
        expect(found.code, line).toBe(theirs.code)
      }
    })
  })

  it('a verifiable producer waits for brokers that are not there, as long as it may', async () => {
    const file = path.join(home.dir, 'impatient')
    writeFileSync(file, 'max.block.ms=300\n')
    const line = `--bootstrap-server 127.0.0.1:1 --topic t --max-messages 2 --producer.config ${file}`
    const startMs = performance.now()
    const { out, code } = await runDropIn(kafkaVerifiableProducer, line.split(' '))
    expect(performance.now() - startMs).toBeGreaterThan(550)
    expect(code).toBe(0)
    const failed = eventsOf(out).filter((event) => event.name === 'producer_send_error')
    expect(failed).toHaveLength(2)
    expect(out).toContain('"message":"Topic t not present in metadata after 300 ms."')
  })

  describe('kafka-verifiable-consumer', () => {
    const name = 'kafka-verifiable-consumer'

    it.each([
      '',
      '--help',
      '@',
      '@ --group-id g',
      '@ --topic t --group-id g --verbose=1',
      '@ --topic t --group-id g --reset-policy never',
      '@ --topic t --group-id g --consumer.config /no/such/file',
      '--bootstrap-server a --topic t --group-id g',
    ])('refuses and helps as the original: %s', async (line) => {
      const { theirs, found } = await both(name, kafkaVerifiableConsumer, line, kafka.bootstrap)
      expect(found).toEqual(theirs)
    })

    it.each(['kafka', 'kcli'] as const)('says the same of what it reads from %s', async (broker) => {
      const { bootstrap } = broker === 'kafka' ? kafka : ours
      // How many records come with one answer is chance; what is read of each partition is not.
      for (const line of firstFor(broker, [
        '@ --topic own% --group-id g% --max-messages 13 --verbose',
        '@ --topic own% --group-id g%-2 --max-messages 13 --enable-autocommit',
        '@ --topic empty --group-id g%-3 --reset-policy none',
        '@ --topic own% --group-id g%-4 --max-messages 0',
      ])) {
        const { theirs, found } = await both(name, kafkaVerifiableConsumer, line, bootstrap)
        expect(summaryOf(found.out), line).toEqual(summaryOf(theirs.out))
        expect(found.code, line).toBe(theirs.code)
      }
    })

    it('has committed what it said', async () => {
      const words = ['--bootstrap-server', kafka.bootstrap, '--describe', '--offsets', '--group']
      const offsets = async (group: string) => {
        const { stdout } = await java.runTool('kafka-consumer-groups', [...words, group])
        return stdout
          .replaceAll(/[gn][xy]\b/g, '%')
          .split('\n')
          .sort()
      }
      expect(await offsets('gy')).toEqual(await offsets('gx'))
    })
  })

  it.each([
    ['kafka-verifiable-producer', '--throughput 100', 'producer_send_success'],
    ['kafka-verifiable-consumer', '--group-id signalled', 'partitions_assigned'],
  ] as const)('%s ends in order when it is told to', async (name, flags, event) => {
    const line = `${name} --bootstrap-server ${ours.bootstrap} --topic ownx ${flags}`
    const { code, names } = await endedBySignal(home, line.split(' '), event)
    expect(code).toBe(143)
    expect(names.slice(-2)).toEqual(
      name.endsWith('producer')
        ? ['shutdown_complete', 'tool_data']
        : ['partitions_revoked', 'shutdown_complete'],
    )
  })

  describe('kafka-e2e-latency', () => {
    const same = async (line: string, bootstrap: string) => {
      await new DropInComparison(java, 'kafka-e2e-latency', kafkaE2eLatency, bootstrap).same(
        line.replace('AT', bootstrap),
        ({ out, err, code }) => ({ out: out.replaceAll(/\d+(\.\d+)?/g, 'N'), err, code }),
      )
    }

    it.each([
      '',
      '--help',
      'AT own% x all 10',
      'AT own% 1 all x',
      'AT own% 1 0 10',
      'AT own% 0 all 10',
      'AT own% -1 all 10',
      'AT own% 1 all -1',
      'AT own% 1 all 10 /no/such/file',
      'x own% 1 all 10',
      'AT own%.new 20 all 100',
      'AT own%.new 3 1 0',
      'AT a/b 1 all 10',
    ])('%s', (line) => same(line, kafka.bootstrap))

    it('takes the names of Kafka 4, with keys and headers', async () => {
      const words = ['--bootstrap-server', kafka.bootstrap, '--topic', 'owny.new', '--num-records', '3']
      const sizes = ['--record-size', '10', '--record-key-size', '4', '--num-headers', '2']
      const headers = ['--record-header-key-size', '3', '--record-header-size', '-1']
      const line = [...words, '--producer-acks', 'all', ...sizes, ...headers]
      expect(await runDropIn(kafkaE2eLatency, line)).toMatchObject({ code: 0, err: '' })
      const [record] = await java.consume({ 'bootstrap.servers': kafka.bootstrap }, [
        { topic: 'owny.new', partition: 0, offset: 23 },
      ])
      expect(record?.key).toMatch(/^([A-Z])\1{3}$/)
      expect(record?.headers).toEqual([
        [expect.stringMatching(/^([A-Z])\1{2}$/), null],
        [expect.stringMatching(/^([A-Z])\1{2}$/), null],
      ])
      expect(await runDropIn(kafkaE2eLatency, words)).toMatchObject({
        code: 1,
        err: expect.stringContaining('Missing required argument "[producer-acks]"'),
      })
    })

    it('measures a broker of ours', () => same('AT own%.new 20 all 100', ours.bootstrap))
  })
})

/** Both clients are the same with both brokers: a broker of ours is tried with less. */
function firstFor(broker: 'kafka' | 'kcli', lines: readonly string[]): readonly string[] {
  return broker === 'kafka' ? lines : lines.slice(0, 3)
}

/** What was assigned, and of each partition the records in their order; how often something was told is left out. */
function summaryOf(text: string) {
  const events = eventsOf(text)
  const named = (name: string) => events.filter((event) => event.name === name)
  const counts = named('records_consumed').flatMap(
    (event) => event.partitions as { partition: number; count: number }[],
  )
  const perPartition = (partition: number) => ({
    count: counts.filter((each) => each.partition === partition).reduce((sum, { count }) => sum + count, 0),
    records: named('record_data').filter((event) => event.partition === partition),
  })
  return {
    order: [...new Set(events.map(({ name }) => name))],
    assigned: named('partitions_assigned'),
    revoked: named('partitions_revoked'),
    failures: events.filter(({ success }) => success === false),
    partitions: [0, 1, 2].map(perPartition),
  }
}

/** A tool of ours as a process that gets SIGTERM when it has told of this event. */
async function endedBySignal(home: KcliHome, words: readonly string[], event: string) {
  const child = spawn(process.execPath, [path.join(repositoryDir, 'bin', 'run.js'), ...words], {
    env: childEnv(home.env),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  killWithUs(child)
  let out = ''
  child.stdout.on('data', (chunk: Buffer) => {
    if (!out.includes(event) && (out + chunk).includes(event)) child.kill('SIGTERM')
    out += chunk
  })
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  return { code, names: eventsOf(out).map(({ name }) => name) }
}

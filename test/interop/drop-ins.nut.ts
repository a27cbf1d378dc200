/** The stand-ins for Kafka's tools beside the tools themselves: the same text, errors and exit codes from the same brokers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaBrokerApiVersions } from '../../src/cli/kafka-tools/kafka-broker-api-versions.ts'
import { kafkaDeleteRecords } from '../../src/cli/kafka-tools/kafka-delete-records.ts'
import { kafkaGetOffsets } from '../../src/cli/kafka-tools/kafka-get-offsets.ts'
import { kafkaLeaderElection } from '../../src/cli/kafka-tools/kafka-leader-election.ts'
import { kafkaLogDirs } from '../../src/cli/kafka-tools/kafka-log-dirs.ts'
import { kafkaTopics } from '../../src/cli/kafka-tools/kafka-topics.ts'
import { JavaDriver } from './support/driver.ts'
import { DropInComparison, type Printed } from './support/drop-ins.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { describeInterop } from './support/suite.ts'

describeInterop('drop-in tools', ['kafka', 'driver'], () => {
  let kafka: KafkaCluster
  let java: JavaDriver
  let dir: string

  beforeAll(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-drop-ins-'))
    java = new JavaDriver()
    // Records from 1970 would be deleted half a minute after the start.
    const config = { 'group.initial.rebalance.delay.ms': '0', 'log.initial.task.delay.ms': '3600000' }
    kafka = await startKafka({ brokers: 3, config })
  })
  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  describe('kafka-topics', () => {
    it.each([
      '',
      '--help',
      '--version',
      '--nosuch',
      '--list',
      '--topic',
      '--create',
      '--list --create',
      '@',
      '@ --create',
      '@ --delete',
      '@ --alter --topic t',
      '@ --alter --topic t --config a=b --partitions 3',
      '@ --list --partitions 3',
      '@ --list --config a=b',
      '@ --list --replica-assignment 0:1',
      '@ --create --topic t --replica-assignment 0:1 --partitions 1',
      '@ --create --topic t --replica-assignment 0:1 --replication-factor 1',
      '@ --create --topic t --if-exists',
      '@ --delete --topic t --if-not-exists',
      '@ --delete --topic t --exclude-internal',
      '@ --list --under-replicated-partitions',
      '@ --describe --under-replicated-partitions --topics-with-overrides',
      '@ --describe --under-replicated-partitions --unavailable-partitions',
      '@ --describe --if-exists',
      '@ --create --topic t --partitions x',
      '@ --create --topic t --partitions 99999999999',
      '@ --create --topic t --partitions 0',
      '@ --create --topic t --replication-factor 0',
      '@ --create --topic t --replication-factor 32768',
      '@ --create --topic t --replica-assignment 0:0',
      '@ --create --topic t --replica-assignment 0:1,2',
      '@ --create --topic t --replica-assignment 0:a',
      '@ --create --topic t --config a',
      '@ --create --topic t --config a=b=c',
      '@ --create --topic t --config no.such=1',
      '@ --create --topic t --config retention.ms=x',
      '@ --create --topic t --config cleanup.policy=burn',
      '@ --create --topic t --topic u',
      '--bootstrap-server localhost --list',
      '@ --list --command-config /no/such/file',
      '@ --describe --topic nowhere',
      '@ --describe --topic nowhere --if-exists',
      '@ --describe --topic [',
      '@ --describe --topic-id AAAAAAAAAAAAAAAAAAAAAQ',
      '@ --delete --topic nowhere',
      '@ --delete --topic nowhere --if-exists',
      '@ --alter --topic nowhere --partitions 3',
      '@ --alter --topic nowhere --partitions 3 --if-exists',
      '@ --create --topic a/b',
      '@ --create --topic own% --replication-factor 4',
      '@ --create --topic own% --partitions 3 --replication-factor 1 --config retention.ms=1000 --config segment.bytes=1048576',
      '@ --create --topic own% --partitions 3 --replication-factor 1',
      '@ --create --topic own% --if-not-exists',
      '@ --create --topic own%.dot --replica-assignment 0:1,1:2',
      '@ --describe --topic own%.dot',
      '@ --describe --topic own%.dot --at-min-isr-partitions',
      '@ --list --topic own%.*',
      '@ --list --exclude-internal --topic own%,own%.dot',
      '@ --describe --topics-with-overrides --topic own%.*',
      '@ --alter --topic own%.dot --partitions 4',
      '@ --alter --topic own%.dot --partitions 2',
      '@ --alter --topic own%.dot --partitions 5 --replica-assignment 0:1,1:2,0:1,0:1,2:1',
      '@ --delete --topic own%.dot',
      '--bootstrap-server',
      '--bootstrap-server=',
      '--bootstrap-server localhost:1 --bootstrap-server localhost:2 --list',
      '--bootstrap-serv x',
      '--version --help',
      '--version=3',
      '-help',
      '-v',
      'words',
      '-- --help',
      '@ --list extra',
      '@ --list=true',
      '@ -list',
      '@ --list --topic',
      "@ --list --topic '*'",
      '@ --list --if-exists',
      '@ --list --topics-with-overrides',
      '@ --describe --topic=',
      "@ --describe --topic ''",
      '@ --describe --topic-id bad',
      '@ --describe --topic-id AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
      '@ --create --topic own%-m --replica-assignment 0,1,2',
      '@ --describe --at-min-isr-partitions --under-min-isr-partitions --topic own%-m',
      '@ --describe --under-replicated-partitions --topic own%-m',
      '@ --describe --partition-size-limit-per-response 0',
      '@ --create --topic .',
      '@ --create --topic ..',
      `@ --create --topic ${'x'.repeat(250)}`,
      '@ --create --topic own%_a.b --partitions 1',
      '@ --create --topic own%_a_b --partitions 1',
      '@ --create --topic t --partitions -1',
      '@ --create --topic t --replication-factor -1 --partitions x',
      '@ --create --topic t --config =',
      '@ --create --topic t --config cleanup.policy=[compact',
      '@ --create --topic own%-t --replica-assignment 0:9',
      '@ --create --topic own%-r --replica-assignment 0,',
      '@ --create --topic own%-s --replica-assignment ,',
      '@ --alter --topic own%-r --partitions 1',
      '@ --alter --topic own%-r --partitions 0',
      '@ --alter --topic own%-r',
      '@ --alter --topic own%-r --partitions 2 --replica-assignment 0:1,0:1',
      '@ --alter --topic own%-r --partitions 3 --replica-assignment 0,2,1',
      '@ --describe --topic own%-r',
    ])('%s', async (line) => {
      await new DropInComparison(java, 'kafka-topics', kafkaTopics, kafka.bootstrap).same(line)
    })
  })

  it('kafka-topics, when what was deleted is gone', async () => {
    const list = async () =>
      (await java.runTool('kafka-topics', ['--bootstrap-server', kafka.bootstrap, '--list'])).stdout
    await expect.poll(list, { timeout: 20_000 }).not.toContain('.dot')
    for (const line of ['@ --list', '@ --describe --unavailable-partitions'])
      await new DropInComparison(java, 'kafka-topics', kafkaTopics, kafka.bootstrap).same(line)
  })

  const create = async (topic: string, assignment: string) => {
    const words = ['--create', '--topic', topic, '--replica-assignment', assignment]
    await java.runTool('kafka-topics', ['--bootstrap-server', kafka.bootstrap, ...words])
  }

  /** A file with this text; what is written beside others of the same kind of tool. */
  const file = (name: string, text: string) => {
    writeFileSync(path.join(dir, name), text)
    return path.join(dir, name)
  }

  describe('kafka-get-offsets', () => {
    beforeAll(async () => {
      for (const topic of ['offsets', 'offsets.two', 'zz-off']) await create(topic, '0,1,2')
      const bootstrap = { 'bootstrap.servers': kafka.bootstrap }
      const at = (partition: number, timestamp: number) => ({
        topic: 'offsets',
        partition,
        timestamp,
        value: 'v',
      })
      await java.produce(bootstrap, [
        { send: [at(0, 1000), at(0, 3000), at(0, 2000), at(2, 1500)] },
        { flush: true },
      ])
    })

    it.each([
      '',
      '--help',
      '--version',
      '--nosuch',
      '--topic t',
      '--bootstrap-server localhost --topic t',
      '--bootstrap-server localhost:x --topic t',
      '@ --topic offsets',
      '@ --topic offsets.*',
      '@ --topic offsets --partitions 0,2',
      '@ --topic offsets --partitions x',
      '@ --topic offsets --partitions 7',
      '@ --topic nowhere',
      '@ --topic-partitions offsets:0-2,zz-off',
      '@ --topic-partitions :1',
      '@ --topic-partitions offsets:1-,offsets.two:-2',
      '@ --topic-partitions offsets:a',
      '@ --topic-partitions offsets --topic offsets',
      '@ --topic offsets --time earliest',
      '@ --topic offsets --time -2',
      '@ --topic offsets --time latest',
      '@ --topic offsets --time -1',
      '@ --topic offsets --time max-timestamp',
      '@ --topic offsets --time -3',
      '@ --topic offsets --time 1200',
      '@ --topic offsets --time 2500',
      '@ --topic offsets --time 9999',
      '@ --topic offsets --time earliest-local',
      '@ --topic offsets --time latest-tiered',
      '@ --topic offsets --time abc',
      '@ --exclude-internal-topics',
      '@ --topic [',
      '@ --topic offsets --command-config /no/such/file',
      '@ --topic offsets --command-config /tmp',
      '--bootstrap-server= --topic offsets',
      '--broker-list localhost:1,x --topic t',
      '@ --topic offsets --broker-list x',
      '@ --topic offsets --partitions ,',
      '@ --topic offsets --partitions 0,,0',
      '@ --partitions -1',
      '@ --topic-partitions ,',
      '@ --topic-partitions offsets:',
      '@ --topic-partitions offsets:0-',
      '@ --topic-partitions offsets:-',
      '@ --topic-partitions offsets:1-0',
      "@ --topic offsets --time ''",
      '@ --topic offsets --time -6',
      '@ --topic offsets --time EARLIEST',
      '@ --topic offsets --time 99999999999999999999',
    ])('%s', async (line) => {
      await new DropInComparison(java, 'kafka-get-offsets', kafkaGetOffsets, kafka.bootstrap).same(line)
    })
  })

  describe('kafka-log-dirs', () => {
    it.each([
      '',
      '--help',
      '--version',
      '--nosuch',
      '--describe',
      '@',
      '@ --describe',
      '@ --describe --broker-list 0,2',
      '@ --describe --broker-list 0,9,7',
      '@ --describe --broker-list a',
      '@ --describe --topic-list offsets,zz-off',
      '@ --describe --topic-list nowhere',
      '@ --describe --command-config /no/such/file',
      '--bootstrap-server x --describe',
      "@ --describe --broker-list ''",
      '@ --describe --broker-list 0,0,',
      '@ --describe --broker-list ,',
      "@ --describe --topic-list ''",
      '@ --describe --topic-list zz-off words',
    ])('%s', async (line) => {
      await new DropInComparison(java, 'kafka-log-dirs', kafkaLogDirs, kafka.bootstrap).same(line)
    })
  })

  describe('kafka-leader-election', () => {
    beforeAll(() => create('elected', '0:1,1:2,2:0'))

    it.each([
      '',
      '--help',
      '--version',
      '--nosuch',
      '--election-type preferred',
      '@',
      '@ --election-type preferred',
      '@ --election-type best --all-topic-partitions',
      '@ --election-type preferred --all-topic-partitions --topic t',
      '@ --election-type preferred --topic t',
      '@ --election-type preferred --all-topic-partitions --partition 1',
      '@ --election-type preferred --topic t --partition x',
      '@ --election-type PREFERRED --topic elected --partition 0',
      '@ --election-type unclean --topic elected --partition 1',
      '@ --election-type preferred --topic elected --partition 7',
      '@ --election-type preferred --topic nowhere --partition 0',
      '@ --election-type preferred --path-to-json-file /no/such/file',
      '@ --election-type preferred --path-to-json-file /tmp',
      '@ --election-type',
      '@ --election-type preferred --partition 0',
      '@ --election-type preferred --topic elected --partition -1',
      '@ --admin.config /no/such/file --election-type preferred --all-topic-partitions',
      '--bootstrap-server x --election-type preferred --all-topic-partitions',
    ])('%s', async (line) => {
      await new DropInComparison(java, 'kafka-leader-election', kafkaLeaderElection, kafka.bootstrap).same(
        line,
      )
    })

    it.each([
      '',
      'no json',
      '[]',
      '{}',
      '{"partitions":{}}',
      '{"partitions":[1]}',
      '{"partitions":[{"topic":"t"}]}',
      '{"partitions":[{"topic":1,"partition":0}]}',
      '{"partitions":[{"topic":"t","partition":"0"}]}',
      '{"partitions":[{"topic":"elected","partition":0},{"topic":"elected","partition":0}]}',
      '{"partitions":[{"topic":"elected","partition":0},{"topic":"elected","partition":2},{"topic":"elected","partition":9}]}',
    ])('a file with %s', async (text) => {
      const line = `@ --election-type preferred --path-to-json-file ${file('election.json', text)}`
      await new DropInComparison(java, 'kafka-leader-election', kafkaLeaderElection, kafka.bootstrap).same(
        line,
      )
    })
  })

  describe('kafka-delete-records', () => {
    beforeAll(async () => {
      await create('trimmed', '0,1')
      const send = [0, 1, 2].map((n) => ({ topic: 'trimmed', partition: 0, value: `${n}` }))
      await java.produce({ 'bootstrap.servers': kafka.bootstrap }, [{ send }, { flush: true }])
    })

    it.each([
      '',
      '--help',
      '--version',
      '--nosuch',
      '@',
      '@ --offset-json-file /no/such/file',
      '@ --offset-json-file /tmp',
      '@ --offset-json-file x --offset-json-file y',
      '--offset-json-file x',
      '@ --offset-json-file x --command-config /no/such/file',
    ])('%s', async (line) => {
      await new DropInComparison(java, 'kafka-delete-records', kafkaDeleteRecords, kafka.bootstrap).same(line)
    })

    it.each([
      '',
      'no json',
      '{}',
      '{"version":2,"partitions":[]}',
      '{"version":"1","partitions":[]}',
      '{"partitions":[]}',
      '{"partitions":[{"topic":"trimmed","partition":0}]}',
      '{"partitions":[{"topic":"trimmed","partition":0,"offset":1},{"topic":"trimmed","partition":0,"offset":2}]}',
      '{"version":1,"partitions":[{"topic":"trimmed","partition":0,"offset":2},{"topic":"trimmed","partition":1,"offset":-1}]}',
      '{"partitions":[{"topic":"trimmed","partition":0,"offset":99}]}',
      '{"partitions":[{"topic":"trimmed","partition":0,"offset":-7}]}',
    ])('a file with %s', async (text) => {
      const line = `@ --offset-json-file ${file('records.json', text)}`
      await new DropInComparison(java, 'kafka-delete-records', kafkaDeleteRecords, kafka.bootstrap).same(line)
    })
  })

  describe('kafka-broker-api-versions', () => {
    /** Kafka's tool shows brokers as a broker named them, ours by id. */
    const sorted = (printed: Printed) => ({
      ...printed,
      out: printed.out
        .split(/(?<=^\)\n)/m)
        .sort()
        .join(''),
    })

    it.each([
      '',
      '--help',
      '--version',
      '--nosuch',
      '@',
      '--bootstrap-server localhost',
      '@ --command-config /no/such/file',
    ])('%s', async (line) => {
      const name = 'kafka-broker-api-versions'
      await new DropInComparison(java, name, kafkaBrokerApiVersions, kafka.bootstrap).same(line, sorted)
    })
  })
})

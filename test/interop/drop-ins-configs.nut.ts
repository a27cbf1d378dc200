/** kafka-configs beside Kafka's own, on the same brokers. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { kafkaConfigs } from '../../src/cli/kafka-tools/configs/kafka-configs.ts'
import { JavaDriver } from './support/driver.ts'
import { DropInComparison, runDropIn } from './support/drop-ins.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { describeInterop } from './support/suite.ts'

describeInterop('kafka-configs', ['kafka', 'driver'], () => {
  let kafka: KafkaCluster
  let java: JavaDriver
  let dir: string

  beforeAll(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-drop-ins-'))
    writeFileSync(
      path.join(dir, 'topic.properties'),
      'retention.ms=5000\n# comment\nsegment.bytes = 1048576\n',
    )
    java = new JavaDriver()
    kafka = await startKafka({ brokers: 2 })
    for (const side of ['x', 'y']) {
      const words = ['--bootstrap-server', kafka.bootstrap, '--create', '--topic', `own${side}`]
      await java.runTool('kafka-topics', words)
    }
  })
  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  /** FILE is a property file. */
  const same = (line: string) =>
    new DropInComparison(java, 'kafka-configs', kafkaConfigs, kafka.bootstrap).same(
      line.replace('FILE', path.join(dir, 'topic.properties')),
    )

  // Rows that change something come before those that show it, so the order counts.
  it.each([
    '',
    '--help',
    '--version',
    '--nosuch',
    '--describe',
    '--alter --describe',
    '@',
    '@ --describe',
    '@ --alter',
    '@ --describe --entity-type what',
    '@ --describe --entity-type topics --entity-type topics',
    '@ --describe --entity-type topics --entity-type users',
    '@ --describe --entity-type users --topic t',
    '@ --describe --topic t --broker 0',
    '--describe --entity-type topics',
    '--describe --entity-type users',
    '--zookeeper localhost:1 --describe --entity-type topics',
    '--zookeeper localhost:1 --describe --entity-type users --all',
    '@ --zookeeper localhost:1 --describe --entity-type users',
    '@ --describe --entity-type topics --add-config a=b',
    '@ --describe --entity-type topics --delete-config a',
    '@ --describe --entity-type topics --zk-tls-config-file f',
    '@ --describe --entity-type brokers --entity-name x',
    '@ --describe --broker-logger x',
    '@ --describe --entity-type broker-loggers',
    '@ --alter --entity-type topics',
    '@ --alter --entity-type users',
    '@ --alter --entity-type topics --entity-name t',
    '@ --alter --entity-type topics --entity-name t --add-config a=b --add-config-file f',
    '@ --alter --entity-type topics --entity-name t --add-config a',
    '@ --alter --entity-type topics --entity-name t --add-config a=b=c',
    "@ --alter --entity-type topics --entity-name t --add-config 'a b=c'",
    '@ --alter --entity-type topics --entity-name t --add-config-file /no/such/file',
    '@ --alter --entity-type topics --entity-name t --entity-name u --add-config a=b',
    '@ --alter --entity-type users --entity-name a --entity-type clients --add-config producer_byte_rate=1',
    '@ --describe --entity-type topics --command-config /no/such/file',
    '--bootstrap-server x --describe --entity-type topics',
    '@ --describe --entity-type topics --entity-name a/b',
    '@ --describe --topic nowhere',
    '@ --describe --entity-type topics',
    '@ --describe --topic own%',
    '@ --describe --topic own% --all',
    '@ --alter --topic own% --add-config retention.ms=1000,cleanup.policy=[compact,delete]',
    '@ --describe --topic own%',
    '@ --alter --topic own% --add-config nosuch=1',
    '@ --alter --topic own% --add-config retention.ms=x',
    '@ --alter --topic own% --delete-config nosuch,b',
    '@ --alter --topic own% --add-config segment.ms=5000 --delete-config retention.ms',
    '@ --alter --topic own% --add-config-file FILE',
    '@ --alter --topic own% --add-config message.format.version=2.0',
    '@ --alter --topic own% --add-config flush.ms=',
    '@ --describe --topic own%',
    '@ --describe --entity-type brokers',
    '@ --describe --entity-type brokers --all --entity-name 1',
    '@ --describe --broker 0',
    '@ --describe --broker-defaults',
    '@ --alter --broker 0 --add-config log.cleaner.threads=x',
    '@ --alter --broker 0 --add-config log.cleaner.threads=2',
    '@ --alter --broker 0 --add-config broker.id=5',
    '@ --alter --broker 0 --add-config log.retention.ms=1000000000',
    '@ --describe --broker 0',
    '@ --describe --broker 0',
    '@ --describe --entity-type brokers',
    '@ --alter --broker 0 --delete-config nosuch',
    '@ --alter --broker 0 --delete-config log.cleaner.threads,log.retention.ms',
    '@ --describe --broker-logger 0',
    '@ --alter --broker-logger 0 --add-config kafka.server.KafkaApis=DEBUG',
    '@ --alter --broker-logger 0 --add-config no.such.Logger=DEBUG,other=INFO',
    '@ --alter --broker-logger 0 --add-config kafka.server.KafkaApis=LOUD',
    '@ --alter --broker-logger 0 --delete-config kafka.server.KafkaApis',
    '@ --describe --entity-type client-metrics',
    '@ --describe --entity-type client-metrics --entity-name m',
    '@ --alter --entity-type client-metrics --entity-name m --add-config interval.ms=1000',
    '@ --alter --entity-type client-metrics --entity-name m --delete-config interval.ms',
    '@ --alter --user u --add-config a=b,c=d',
    '@ --alter --user u --delete-config a,b',
    '@ --alter --client c --add-config a=b,SCRAM-SHA-256=x',
    '@ --alter --client c --delete-config a,SCRAM-SHA-256',
    '@ --alter --user u --client c --add-config SCRAM-SHA-256=[password=x]',
    '@ --alter --user-defaults --add-config SCRAM-SHA-256=[password=x]',
    '@ --alter --user u --add-config SCRAM-SHA-256=[password=x],producer_byte_rate=1',
    '@ --alter --user own% --add-config producer_byte_rate=1024,request_percentage=12.5',
    '@ --alter --user own% --add-config consumer_byte_rate=0.1',
    '@ --alter --user own% --add-config consumer_byte_rate=x',
    '@ --alter --user own% --add-config consumer_byte_rate=20000000',
    '@ --alter --user own% --delete-config controller_mutation_rate,request_percentage',
    '@ --describe --user own%',
    '@ --alter --user own% --delete-config request_percentage',
    '@ --alter --client own%c --add-config controller_mutation_rate=1e-4',
    '@ --alter --client own%c --add-config controller_mutation_rate=5',
    '@ --alter --user own% --client own%c --add-config consumer_byte_rate=5',
    '@ --alter --entity-type clients --entity-name own%c --entity-type users --entity-default --add-config consumer_byte_rate=6',
    '@ --alter --user-defaults --add-config producer_byte_rate=7',
    '@ --alter --client-defaults --add-config producer_byte_rate=8',
    '@ --describe --user own% --client own%c',
    '@ --describe --user own% --entity-type clients',
    '@ --describe --entity-type users --entity-name own% --entity-type clients',
    '@ --describe --entity-type clients --entity-type users',
    '@ --describe --entity-type clients',
    '@ --describe --user-defaults',
    '@ --describe --entity-type users --entity-default',
    '@ --describe --client-defaults',
    '@ --describe --entity-type users --entity-name a --entity-name b',
    '@ --alter --user own%s --add-config SCRAM-SHA-256=[iterations=8192,password=secret]',
    '@ --alter --user own%s --add-config SCRAM-SHA-512=[password=secret],SCRAM-SHA-256=[iterations=-1,password=a]',
    '@ --alter --user own%s --add-config SCRAM-SHA-512=[iterations=10,password=secret]',
    '@ --alter --user own%s --add-config SCRAM-SHA-512=[iterations=,password=secret]',
    '@ --alter --user own%s --add-config SCRAM-SHA-512=secret',
    '@ --alter --user own%s --add-config SCRAM-SHA-512=[iterations=99999,password=secret]',
    '@ --describe --user own%s',
    '@ --describe --entity-type users --entity-name nobody',
    '@ --alter --user own%s --delete-config SCRAM-SHA-512',
    '@ --alter --user nobody --delete-config SCRAM-SHA-256',
    '@ --describe --user own%s',
    '@ --describe --entity-type users',
    '@ --alter --ip 127.0.0.9 --add-config connection_creation_rate=1e9',
    '@ --alter --ip 127.0.0.9 --add-config connection_creation_rate=20',
    '@ --alter --ip 127.0.0.9 --add-config a=1,connection_creation_rate=20 --delete-config b',
    '@ --alter --ip-defaults --add-config connection_creation_rate=30',
    '@ --describe --entity-type ips',
    '@ --describe --ip 127.0.0.9',
    '@ --describe --ip-defaults',
    '@ --describe --ip no.such.host.invalid',
  ])('%s', async (line) => {
    await same(line)
  })

  it('takes back what holds for all brokers, and for an address', async () => {
    const both = ['--bootstrap-server', kafka.bootstrap]
    for (const [entity, name] of [
      ['--broker-defaults', 'log.retention.ms'],
      ['--ip-defaults', 'connection_creation_rate'],
    ]) {
      const add = async (text: string) => {
        const { out } = await same(`@ --alter ${entity} --add-config ${name}=${text}`)
        expect(out).toContain('Completed updating default config')
      }
      await add('2222')
      const shown = async () =>
        (await java.runTool('kafka-configs', [...both, '--describe', `${entity}`])).stdout
      await expect.poll(shown).toContain(`${name}=2222`)
      const { code } = await runDropIn(kafkaConfigs, [
        ...both,
        '--alter',
        `${entity}`,
        '--delete-config',
        `${name}`,
      ])
      expect(code).toBe(0)
      await expect.poll(shown).not.toContain(`${name}=2222`)
    }
  })

  it('refuses what only ZooKeeper or a controller could do', async () => {
    for (const option of ['--zookeeper', '--bootstrap-controller']) {
      const words = [option, 'localhost:1', '--describe', '--entity-type', 'users']
      const { err, code } = await runDropIn(kafkaConfigs, words)
      expect(code).toBe(1)
      expect(err).toBe(
        `${option} is something that kcli's kafka-configs cannot do. Name a broker with --bootstrap-server.\n`,
      )
    }
  })
})

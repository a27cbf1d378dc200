/** The stand-ins for Kafka's tools beside the tools themselves: the same text, errors and exit codes from the same brokers. */
import { afterAll, beforeAll, describe, it } from 'vitest'
import { kafkaTopics } from '../../src/cli/kafka-tools/kafka-topics.ts'
import { JavaDriver } from './support/driver.ts'
import { DropInComparison } from './support/drop-ins.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { describeInterop } from './support/suite.ts'

describeInterop('drop-in tools', ['kafka', 'driver'], () => {
  let kafka: KafkaCluster
  let java: JavaDriver

  beforeAll(async () => {
    java = new JavaDriver()
    kafka = await startKafka({ brokers: 3, config: { 'group.initial.rebalance.delay.ms': '0' } })
  })
  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
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
      '@ --list',
      '@ --describe --unavailable-partitions',
    ])('%s', async (line) => {
      await new DropInComparison(java, 'kafka-topics', kafkaTopics, kafka.bootstrap).same(line)
    })
  })
})

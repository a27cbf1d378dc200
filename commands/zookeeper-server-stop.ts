import { KafkaToolCommand, type RunKafkaTool } from '../src/cli/kafka-tool-command.ts'

export default class ZooKeeperServerStop extends KafkaToolCommand {
  static override summary =
    "Kafka's zookeeper-server-stop: tells all ZooKeeper servers of zookeeper-server-start to end"
  static override description = [
    'Those of this user on this machine that were started under the name zookeeper-server-start, with TERM or the signal in the',
    'variable SIGNAL. It does not wait until they have ended; processes of Java are left alone.',
  ].join(' ')
  static override usage = ''
  static override examples = ['<%= config.bin %> zookeeper-server-stop']
  static override effect = 'changes' as const

  protected override async load() {
    const { serverStop } = await import('../src/cli/kafka-tools/servers/server-stop.ts')
    return (...[context, words]: Parameters<RunKafkaTool>) => serverStop(context, words, 'zookeeper')
  }
}

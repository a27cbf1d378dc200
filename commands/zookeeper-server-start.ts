import { KafkaToolCommand, type RunKafkaTool } from '../src/cli/kafka-tool-command.ts'

export default class ZooKeeperServerStart extends KafkaToolCommand {
  static override summary = "Kafka's zookeeper-server-start: a ZooKeeper as its zookeeper.properties says"
  static override description =
    'Takes exactly what the original takes. `zookeeper start` does the same without a file.'
  static override usage = '[-daemon] ZOOKEEPER.PROPERTIES'
  static override examples = [
    '<%= config.bin %> zookeeper-server-start config/zookeeper.properties',
    '<%= config.bin %> zookeeper-server-start -daemon config/zookeeper.properties',
  ]
  static override effect = 'changes' as const

  protected override readonly isServer = true
  protected override readonly graceMs = 300_000

  protected override async load() {
    const { zookeeperServerStart } = await import('../src/cli/kafka-tools/servers/zookeeper-server-start.ts')
    return (...[context, words]: Parameters<RunKafkaTool>) =>
      zookeeperServerStart(context, words, this.script())
  }
}

import { KafkaToolCommand, type RunKafkaTool } from '../src/cli/kafka-tool-command.ts'

export default class ZooKeeperShell extends KafkaToolCommand {
  static override summary = "Kafka's zookeeper-shell: znodes, one command or the lines of standard input"
  static override description =
    'Takes exactly what the original takes. `zk` does the same and more, also in a data directory.'
  static override usage = 'HOST:PORT[/PATH] [COMMAND [ARGUMENTS]]'
  static override examples = [
    '<%= config.bin %> zookeeper-shell localhost:2181 ls /brokers/ids',
    'echo "get /controller" | <%= config.bin %> zookeeper-shell localhost:2181',
  ]
  // Each of its commands says for itself what it does.
  static override effect = 'reads' as const

  protected override async load() {
    const { zookeeperShell } = await import('../src/cli/kafka-tools/zookeeper-shell.ts')
    return (...[context, words]: Parameters<RunKafkaTool>) => zookeeperShell(context, words, this.script())
  }
}

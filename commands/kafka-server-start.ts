import { KafkaToolCommand, type RunKafkaTool } from '../src/cli/kafka-tool-command.ts'

export default class KafkaServerStart extends KafkaToolCommand {
  static override summary = "Kafka's kafka-server-start: a broker as its server.properties says"
  static override description = [
    'Takes exactly what the original takes, and works on the log directories and the ZooKeeper that the file names, in',
    "Apache Kafka's formats. `broker start` has a coordination service of its own and needs no file.",
  ].join(' ')
  static override usage = '[-daemon] SERVER.PROPERTIES [--override KEY=VALUE]...'
  static override examples = [
    '<%= config.bin %> kafka-server-start config/server.properties',
    '<%= config.bin %> kafka-server-start -daemon config/server.properties --override log.retention.hours=1',
  ]
  static override effect = 'changes' as const

  protected override readonly isServer = true
  /** Closing many logs may take its time, and cutting it short would make the next start repair them. */
  protected override readonly graceMs = 300_000

  protected override async load() {
    const { kafkaServerStart } = await import('../src/cli/kafka-tools/servers/kafka-server-start.ts')
    return (...[context, words]: Parameters<RunKafkaTool>) => kafkaServerStart(context, words, this.script())
  }
}

import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'

export default class ClusterImport extends BaseCommand {
  static override summary = 'Make a data directory of the directories of an Apache Kafka cluster'
  static override effect = 'changes' as const
  static override description = [
    'Takes the log directories of brokers in ZooKeeper mode (log.dirs in server.properties) and the data directory of their',
    'ZooKeeper (dataDir in zookeeper.properties), all of them stopped, and leaves them as they are: kcli gets copies.',
    'Topics, records, settings, offsets and ids stay what they were. The way back is to start ZooKeeper on DIR/zookeeper and',
    'the brokers on DIR/broker-ID.',
  ].join(' ')
  static override usage = 'LOGDIR... --zookeeper DIR [FLAGS]'
  static override examples = [
    '<%= config.bin %> cluster import /tmp/kafka-logs --zookeeper /tmp/zookeeper --data-dir ./mine',
    '<%= config.bin %> cluster import /disk1/kafka /disk2/kafka --zookeeper /var/lib/zookeeper --in-place --data-dir ./mine',
  ]
  static override args = {
    logdir: Args.string({
      description: "Kafka's log directories, of one broker or of several.",
      required: true,
      multiple: true,
      ignoreStdin: true,
    }),
  }
  static override flags = {
    zookeeper: Flags.string({
      required: true,
      helpValue: 'DIR',
      summary: "ZooKeeper's dataDir; it is always copied.",
    }),
    'zookeeper-logs': Flags.string({ helpValue: 'DIR', summary: 'Its dataLogDir, if that is another one.' }),
    'in-place': Flags.boolean({
      summary: 'Leave the log directories where they are and work on them there.',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(ClusterImport)
    await this.serve(
      flags,
      async (context) => {
        const { importCluster } = await import('../../src/cli/services/cluster/import.ts')
        return importCluster(context, {
          logDirs: [args.logdir].flat(),
          zookeeper: flags.zookeeper,
          zookeeperLogs: flags['zookeeper-logs'],
          inPlace: flags['in-place'],
        })
      },
      // It shows itself how far it is.
      { graceMs: 10_000, isStream: true },
    )
  }
}

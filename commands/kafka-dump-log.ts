import { BaseCommand } from '../src/cli/base-command.ts'

export default class KafkaDumpLog extends BaseCommand {
  static override summary = "Kafka's kafka-dump-log: its flags, output and exit codes"
  static override description =
    'Takes exactly what the original takes; its own help comes with --help. `segments dump` shows more, and takes folders and topics.'
  static override usage = '--files FILE,… [FLAGS]'
  static override examples = [
    '<%= config.bin %> kafka-dump-log --files 00000000000000000000.log --print-data-log',
    '<%= config.bin %> kafka-dump-log --files 00000000000000000000.index --verify-index-only',
  ]
  static override baseFlags = {} as typeof BaseCommand.baseFlags
  static override strict = false

  async run(): Promise<void> {
    await this.serve(
      {},
      async (context) => {
        const { kafkaDumpLog } = await import('../src/cli/services/kafka-dump-log.ts')
        return kafkaDumpLog(context, this.argv)
      },
      { isStream: true },
    )
  }
}

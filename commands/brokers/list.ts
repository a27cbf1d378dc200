import { BaseCommand } from '../../src/cli/base-command.ts'

export default class BrokersList extends BaseCommand {
  static override summary = 'List the brokers that are up'
  static override effect = 'reads' as const
  static override examples = [
    '<%= config.bin %> brokers list',
    '<%= config.bin %> brokers list -o wide',
    '<%= config.bin %> brokers list -o json',
  ]

  async run(): Promise<void> {
    const { flags } = await this.parse(BrokersList)
    await this.serve(flags, async (context) => {
      const { listBrokers } = await import('../../src/cli/services/brokers/list.ts')
      return listBrokers(context)
    })
  }
}

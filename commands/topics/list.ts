import { BaseCommand } from '../../src/cli/base-command.ts'

export default class TopicsList extends BaseCommand {
  static override summary = 'List topics'
  static override flags = {}

  async run(): Promise<void> {
    const { flags } = await this.parse(TopicsList)
    await this.serve(flags, async (context) => {
      await context.out.write('hello\n')
      return 0
    })
  }
}

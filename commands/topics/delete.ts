import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { regexFlag, topicArgs, topicFlag, topicNames, topicNeeded } from '../../src/cli/flags.ts'

export default class TopicsDelete extends BaseCommand {
  static override summary = 'Delete topics and their records'
  static override effect = 'destroys' as const
  static override usage = '[TOPIC...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> topics delete orders --yes',
    "<%= config.bin %> topics delete --regex 'test-.*' --dry-run",
  ]
  static override args = topicArgs
  static override needs = [topicNeeded]
  static override flags = {
    ...topicFlag,
    regex: regexFlag,
    'if-exists': Flags.boolean({ summary: 'It is fine when a topic is not there.' }),
    'dry-run': Flags.boolean({ summary: 'Show what would be deleted.' }),
    yes: Flags.boolean({ char: 'y', summary: 'Do not ask.' }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(TopicsDelete)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { deleteTopics } = await import('../../src/cli/services/topics/delete.ts')
      return deleteTopics(context, {
        names: topicNames(args, flags),
        regex: flags.regex,
        ifExists: flags['if-exists'],
        dryRun: flags['dry-run'],
        yes: flags.yes,
      })
    })
  }
}

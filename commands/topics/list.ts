import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { offlineFlag, topicArgs, topicFlag, topicNames } from '../../src/cli/flags.ts'

export default class TopicsList extends BaseCommand {
  static override summary = 'List topics'
  static override effect = 'reads' as const
  static override description =
    'Arguments are regular expressions for whole names; without any, all topics are listed.'
  static override usage = '[TOPIC...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> topics list',
    "<%= config.bin %> topics list 'order.*' -o json",
    '<%= config.bin %> topics list -o name',
  ]
  static override args = topicArgs
  static override flags = {
    ...topicFlag,
    ...offlineFlag,
    all: Flags.boolean({ char: 'a', summary: 'Internal topics too, such as __consumer_offsets.' }),
    'exclude-internal': Flags.boolean({ summary: 'No internal topics (the default).', exclusive: ['all'] }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TopicsList)
    await this.serve(flags, async (context) => {
      const { listTopics } = await import('../../src/cli/services/topics/list.ts')
      return listTopics(context, { patterns: topicNames(args, flags), includeInternal: flags.all })
    })
  }
}

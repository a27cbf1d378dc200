import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { offlineFlag, regexFlag, topicArgs, topicFlag, topicNames, topicNeeded } from '../../src/cli/flags.ts'

export default class TopicsConsumers extends BaseCommand {
  static override summary = 'Show which groups read a topic'
  static override effect = 'reads' as const
  static override description =
    'Groups are listed that have committed offsets of the topic, or whose members subscribe to it. Consumers without a group are not known to the brokers.'
  static override usage = '[TOPIC...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> topics consumers orders',
    '<%= config.bin %> topics consumers orders -o json',
  ]
  static override args = topicArgs
  static override needs = [topicNeeded]
  static override flags = {
    ...topicFlag,
    ...offlineFlag,
    regex: regexFlag,
    all: Flags.boolean({ char: 'a', summary: 'Internal topics too.' }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(TopicsConsumers)
    await this.serve(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { topicConsumers } = await import('../../src/cli/services/topics/consumers.ts')
      return topicConsumers(context, {
        names: topicNames(args, flags),
        regex: flags.regex,
        includeInternal: flags.all,
      })
    })
  }
}

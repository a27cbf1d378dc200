import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { offlineFlag, regexFlag, topicArgs, topicFlag, topicNames } from '../../src/cli/flags.ts'

const FILTERS = ['under-replicated', 'unavailable', 'under-min-isr', 'at-min-isr'] as const
const filterFlag = (own: (typeof FILTERS)[number], summary: string) =>
  Flags.boolean({
    summary,
    exclusive: FILTERS.filter((name) => name !== own).map((name) => `${name}-partitions`),
  })

export default class TopicsDescribe extends BaseCommand {
  static override summary = 'Show partitions, replicas and settings of topics'
  static override effect = 'reads' as const
  static override usage = '[TOPIC...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> topics describe orders',
    '<%= config.bin %> topics describe --under-replicated-partitions',
    '<%= config.bin %> topics describe orders -o json',
  ]
  static override args = topicArgs
  static override flags = {
    ...topicFlag,
    ...offlineFlag,
    regex: regexFlag,
    all: Flags.boolean({ char: 'a', summary: 'Internal topics too.' }),
    'all-configs': Flags.boolean({
      summary: 'Settings with their defaults, not only those that were changed.',
    }),
    'topics-with-overrides': Flags.boolean({ summary: 'Only topics with settings of their own.' }),
    'under-replicated-partitions': filterFlag(
      'under-replicated',
      'Only partitions that lack an in-sync replica.',
    ),
    'unavailable-partitions': filterFlag('unavailable', 'Only partitions without a leader.'),
    'under-min-isr-partitions': filterFlag(
      'under-min-isr',
      'Only partitions with fewer in-sync replicas than min.insync.replicas.',
    ),
    'at-min-isr-partitions': filterFlag('at-min-isr', 'Only partitions with exactly min.insync.replicas.'),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TopicsDescribe)
    await this.serve(flags, async (context) => {
      const { describeTopics } = await import('../../src/cli/services/topics/describe.ts')
      return describeTopics(context, {
        names: topicNames(args, flags),
        regex: flags.regex,
        includeInternal: flags.all,
        only: FILTERS.find((name) => flags[`${name}-partitions`]),
        withOverrides: flags['topics-with-overrides'],
        allConfigs: flags['all-configs'],
      })
    })
  }
}

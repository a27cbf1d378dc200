import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import {
  listFlag,
  offlineFlag,
  parsePartitions,
  regexFlag,
  topicArgs,
  topicFlag,
  topicNames,
} from '../../src/cli/flags.ts'

export default class TopicsOffsets extends BaseCommand {
  static override summary = 'Show where partitions begin and end'
  static override effect = 'reads' as const
  static override usage = '[TOPIC...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> topics offsets orders',
    '<%= config.bin %> topics offsets orders --time 2024-02-14T10:00:00Z',
    '<%= config.bin %> topics offsets orders --time max-timestamp -o json',
  ]
  static override args = topicArgs
  static override flags = {
    ...topicFlag,
    ...offlineFlag,
    regex: regexFlag,
    all: Flags.boolean({ char: 'a', summary: 'Internal topics too.' }),
    partition: listFlag({ helpValue: '0,2-4', summary: 'Only these partitions; may be given many times.' }),
    time: Flags.string({
      helpValue: 'TIME',
      summary:
        'One offset in place of both ends: earliest, latest, max-timestamp, -1h, RFC 3339 or milliseconds.',
    }),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(TopicsOffsets)
    await this.serve(flags, async (context) => {
      const { topicOffsets } = await import('../../src/cli/services/topics/offsets.ts')
      return topicOffsets(context, {
        names: topicNames(args, flags),
        regex: flags.regex,
        includeInternal: flags.all,
        partitions: parsePartitions(flags.partition),
        time: flags.time,
      })
    })
  }
}

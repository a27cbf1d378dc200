import * as Flags from '@oclif/core/flags'
import { BaseCommand, type Typed } from '../src/cli/base-command.ts'
import { listFlag, offlineFlag, topicArgs, topicFlag, topicNames, topicNeeded } from '../src/cli/flags.ts'
import { recordFlags } from '../src/cli/records/record-flags.ts'

export default class Consume extends BaseCommand {
  static override summary = 'Read records, up to the end as it is now'
  static override effect = ({ flags }: Typed) => (flags.group === undefined ? 'reads' : 'changes')
  static override description = [
    'Values go to stdout, a line end behind each. With -o ndjson nothing is lost: `produce --input ndjson` takes it back.',
    'Offsets are start, end, N, +N (from the start), -N (before the end), N:M (M is not part of it), @TIME, @TIME:TIME or',
    '@TIME:1h. Times are RFC 3339 with a zone, seconds, milliseconds or -1h.',
    '--filter compares key, value, headers.NAME, JSON such as value.customer.id, partition, offset, timestamp and size: == != <',
    '> in contains, starts with, matches /x/, exists, joined by and, or, not (docs/filter.md).',
  ].join(' ')
  static override usage = 'TOPIC... [FLAGS]'
  static override examples = [
    '<%= config.bin %> consume orders',
    '<%= config.bin %> consume orders --print partition,offset,key,value --tail 10 --follow',
    '<%= config.bin %> consume orders --offset @-1h -o ndjson',
    "<%= config.bin %> consume orders --filter 'value.total >= 100 and headers.trace exists'",
    "<%= config.bin %> consume orders --format '%t-%p@%o %k=%v\\n'",
  ]
  static override args = topicArgs
  static override needs = [topicNeeded]
  static override flags = {
    ...topicFlag,
    ...offlineFlag,
    ...recordFlags,
    offset: Flags.string({
      helpValue: 'RANGE',
      summary: 'Where to begin, and where to stop (default: all there is).',
    }),
    from: Flags.string({ helpValue: 'PLACE', summary: 'Where to begin.', exclusive: ['offset'] }),
    to: Flags.string({
      helpValue: 'PLACE',
      summary: 'Where to stop; not part of it.',
      exclusive: ['offset'],
    }),
    'from-beginning': Flags.boolean({ summary: 'From the start.', exclusive: ['offset', 'from', 'tail'] }),
    tail: Flags.integer({
      min: 0,
      helpValue: 'N',
      summary: 'The last N records by time.',
      exclusive: ['offset', 'from', 'to'],
    }),
    follow: Flags.boolean({ char: 'f', summary: 'Go on with what comes.' }),
    partition: listFlag({ helpValue: '0,2-4', summary: 'Only these partitions; may be given many times.' }),
    'max-messages': Flags.integer({
      char: 'n',
      min: 1,
      helpValue: 'N',
      summary: 'Stop after so many.',
      exclusive: ['tail'],
    }),
    'timeout-ms': Flags.integer({ min: 1, helpValue: 'MS', summary: 'Stop when nothing came for so long.' }),
    'isolation-level': Flags.option({
      options: ['read_uncommitted', 'read_committed'] as const,
      summary: 'Whether records of open and aborted transactions are shown (default read_uncommitted).',
    })(),
    group: Flags.string({ char: 'g', helpValue: 'GROUP', summary: 'Read in a group, from its offsets on.' }),
  }

  async run(): Promise<void> {
    const typed = await this.parse(Consume)
    await this.serveRecords(typed.flags, async (context) => {
      const { args, flags } = await this.complete(context, typed)
      const { consumeOptions } = await import('../src/cli/consume-flags.ts')
      const { consume } = await import('../src/cli/services/consume.ts')
      return consume(context, await consumeOptions(topicNames(args, flags), flags, context))
    })
  }
}

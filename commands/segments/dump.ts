import * as Flags from '@oclif/core/flags'
import { BaseCommand } from '../../src/cli/base-command.ts'
import { listFlag } from '../../src/cli/flags.ts'
import { recordFlags } from '../../src/cli/records/record-flags.ts'
import { brokerFlag, fileArgs, fileNames, payloadFormatFlag } from '../../src/cli/segments-flags.ts'

export default class SegmentsDump extends BaseCommand {
  static override summary = 'Show what lies in log files, with no broker'
  static override effect = 'reads' as const
  static override description = [
    'A row for each batch, or with --records for each record (-o ndjson then gives what consume gives). Of folders and topics',
    'the logs are shown, of files that are named whatever they are: indexes, snapshots, checkpoints, meta.properties. Reads',
    'only; a broker may be running. Exits with 1 when something is damaged.',
  ].join(' ')
  static override usage = '[FILE...] [FLAGS]'
  static override examples = [
    '<%= config.bin %> segments dump orders-0',
    '<%= config.bin %> segments dump orders-0 --records --from-time -1h',
    '<%= config.bin %> segments dump orders --key customer-7 --value-format json -o ndjson',
    '<%= config.bin %> segments dump /var/lib/kafka/orders-0/00000000000000000000.timeindex',
    "<%= config.bin %> segments dump '/var/lib/kafka/orders-*' --control-only",
    '<%= config.bin %> segments dump __consumer_offsets --records --broker 1',
    '<%= config.bin %> segments dump orders-0 --kind all -o ndjson',
  ]
  static override args = fileArgs
  static override flags = {
    ...brokerFlag,
    records: Flags.boolean({ char: 'r', summary: 'A row for each record.' }),
    kind: listFlag({
      helpValue: 'KIND,…',
      summary: 'Of folders: log (the default), index, timeindex, txnindex, snapshot, checkpoint, meta, all.',
    }),
    offset: Flags.string({
      helpValue: 'N[:M]',
      summary: 'What holds this offset, or N up to M.',
      exclusive: ['from-offset', 'to-offset'],
    }),
    'from-offset': Flags.integer({ min: 0, helpValue: 'N', summary: 'From this offset on.' }),
    'to-offset': Flags.integer({ min: 0, helpValue: 'N', summary: 'Up to this offset; not part of it.' }),
    'from-time': Flags.string({
      helpValue: 'TIME',
      summary: 'Not before: RFC 3339, seconds, milliseconds or -1h.',
    }),
    'to-time': Flags.string({ helpValue: 'TIME', summary: 'Before this time.' }),
    key: Flags.string({ helpValue: 'TEXT', summary: 'Records with this key, as it is shown.' }),
    filter: recordFlags.filter,
    'producer-id': Flags.integer({ min: 0, helpValue: 'N', summary: 'Of this producer.' }),
    'control-only': Flags.boolean({ summary: 'Only the markers that end transactions.' }),
    control: Flags.boolean({
      allowNo: true,
      default: true,
      summary: 'With or without those markers.',
      exclusive: ['control-only'],
    }),
    limit: Flags.integer({ char: 'n', min: 1, helpValue: 'N', summary: 'Stop after so many rows.' }),
    'key-format': payloadFormatFlag('How keys are shown (default: by topic).'),
    'value-format': payloadFormatFlag('How values are shown (default: by topic).'),
  }

  async run(): Promise<void> {
    const { args, flags } = await this.parse(SegmentsDump)
    await this.serveFiles(flags, async (context) => {
      const { dumpOptions } = await import('../../src/cli/segments-dump-flags.ts')
      const { dumpSegments } = await import('../../src/cli/services/segments/dump.ts')
      return dumpSegments(context, await dumpOptions(fileNames(args), flags, context.clock.nowMs()))
    })
  }
}

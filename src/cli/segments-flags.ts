import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'

/** What the commands on log files take. */
export const fileArgs = {
  file: Args.string({
    description: 'Files, folders, globs, topics or TOPIC-N; without any, everything in the data directory.',
    multiple: true,
    ignoreStdin: true,
  }),
}

export const brokerFlag = {
  broker: Flags.integer({ helpValue: 'N', min: 0, summary: 'Only the files of this broker.' }),
}

/** The arguments as a list, whatever their number. */
export function fileNames(args: { file?: unknown }): string[] {
  const given = args.file
  const words: unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given]
  return words.map(String)
}

const PAYLOAD_FORMATS = [
  ...(['string', 'long', 'integer', 'json', 'hex', 'base64', 'bytes'] as const),
  ...(['offsets', 'group-metadata', 'transaction-log'] as const),
] as const

/** What keys and values are taken for. */
export function payloadFormatFlag(summary: string) {
  return Flags.option({ options: PAYLOAD_FORMATS, summary })()
}

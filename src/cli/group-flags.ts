import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import type { Need } from './ask/need.ts'
import { UsageError } from './exit-codes.ts'

/** As with topics: an argument that is missing is not read from stdin. */
export const groupArgs = {
  group: Args.string({ description: 'Groups.', multiple: true, ignoreStdin: true }),
}

export const groupNeeded: Need = {
  anyOf: ['group'],
  ask: 'group',
  message: 'no group given',
  hint: 'Name it as an argument or with --group.',
}

/** Of `groups reset-offsets`: whose offsets, of what, and where they are to be. */
export const resetNeeds: readonly Need[] = [
  { ...groupNeeded, anyOf: ['group', 'from-file'] },
  {
    anyOf: ['topic', 'all-topics', 'to-group', 'from-file'],
    ask: 'reset-topic',
    message: 'it is not said for what',
    hint: 'Give --topic TOPIC, --topic TOPIC:0,1 or --all-topics.',
  },
  {
    anyOf: [
      ...['from-file', 'to', 'shift-by', 'to-group', 'to-earliest', 'to-latest'],
      ...['to-current', 'to-offset', 'to-datetime', 'by-duration'],
    ],
    ask: 'reset-place',
    message: 'it is not said where to',
    hint: 'Give --to earliest, latest, current, N, -N or @TIME, --shift-by N, --to-group GROUP or --from-file FILE.',
  },
]

/** Kafka's spelling of the same. */
export const groupFlag = {
  group: Flags.string({
    helpValue: 'GROUP',
    summary: "A group; the same as the argument, in Kafka's spelling.",
    multiple: true,
    multipleNonGreedy: true,
  }),
}

/** The names from arguments and flags together, each once. */
export function groupNames(
  args: { group?: unknown },
  flags: { group?: readonly string[] | undefined },
): string[] {
  const given = args.group
  const words: unknown[] = given === undefined ? [] : Array.isArray(given) ? given : [given]
  return [...new Set([...words.map(String), ...(flags.group ?? [])])]
}

/** Of commands that work on one group and need it. */
export function oneGroup([name = '', second]: readonly string[]): string {
  if (second === undefined) return name
  throw new UsageError('more than one group given', 'This command works on one group.')
}

const kafka = (summary: string) => `${summary} As in kafka-consumer-groups.`

/** Of `groups reset-offsets`: what `--to` says, in the words of Kafka's tool. */
export const kafkaResetFlags = {
  'to-earliest': Flags.boolean({ summary: kafka('The start of the log.') }),
  'to-latest': Flags.boolean({ summary: kafka('The end of the log.') }),
  'to-current': Flags.boolean({ summary: kafka('Where it is; the end where nothing is committed.') }),
  'to-offset': Flags.integer({ min: 0, helpValue: 'N', summary: kafka('This offset.') }),
  'to-datetime': Flags.string({
    helpValue: 'TIME',
    summary: kafka('The first record of that time or later.'),
  }),
  'by-duration': Flags.string({ helpValue: 'TIME', summary: kafka('So long ago: 2h or PT2H.') }),
}

import * as Args from '@oclif/core/args'
import * as Flags from '@oclif/core/flags'
import { UsageError } from './exit-codes.ts'

/** As with topics: an argument that is missing is not read from stdin. */
export const groupArgs = {
  group: Args.string({ description: 'Groups.', multiple: true, ignoreStdin: true }),
}

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

export function requireGroups(names: readonly string[]): readonly string[] {
  if (names.length > 0) return names
  throw new UsageError('no group given', 'Name it as an argument or with --group.')
}

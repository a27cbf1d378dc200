import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { compile, listAll } from './groups.ts'

export interface ListGroupsOptions {
  /** Regular expressions for whole names; all groups when empty. */
  readonly patterns: readonly string[]
  readonly states: readonly string[]
  readonly types: readonly string[]
}

const STATES = [
  'Empty',
  'PreparingRebalance',
  'CompletingRebalance',
  'Stable',
  'Dead',
  'Assigning',
  'Reconciling',
]
const TYPES = ['classic', 'consumer']

/** Groups with their state. Exit code 1 when a broker did not answer and groups may be missing. */
export async function listGroups(context: CommandContext, options: ListGroupsOptions): Promise<number> {
  const states = known(options.states, STATES, '--state')
  const types = known(options.types, TYPES, '--type')
  const patterns = options.patterns.map(compile)
  const target = await context.target()
  const { groups, isComplete } = await listAll(context, target)
  const rows = groups.filter(
    ({ groupId, state, type }) =>
      (patterns.length === 0 || patterns.some((pattern) => pattern.test(groupId))) &&
      (states.length === 0 || states.includes(state)) &&
      (types.length === 0 || types.includes(type.toLowerCase() || 'classic')),
  )
  await context.out.view({
    rows,
    columns: [
      { header: 'GROUP', value: ({ groupId }) => groupId },
      { header: 'STATE', value: ({ state }) => state },
      { header: 'TYPE', value: ({ type }) => type, wide: true },
      { header: 'PROTOCOL', value: ({ protocolType }) => protocolType, wide: true },
    ],
    data: ({ groupId, state, type, protocolType }) => ({ group: groupId, state, type, protocolType }),
    name: ({ groupId }) => groupId,
    empty:
      patterns.length + states.length + types.length > 0
        ? 'No group matches.'
        : `No groups${target.offline === undefined ? ' yet' : ` in ${target.describe}`}.`,
  })
  return isComplete ? EXIT.done : EXIT.failed
}

/** In the broker's spelling; users need not know where the capitals are. */
function known(words: readonly string[], names: readonly string[], flag: string): string[] {
  return words
    .flatMap((word) => word.split(','))
    .map((word) => {
      const name = names.find((each) => each.toLowerCase() === word.trim().toLowerCase())
      if (name !== undefined) return name
      throw new UsageError(`${flag} does not know '${word}'`, `It knows ${names.join(', ')}.`)
    })
}

import type { Tool } from '../tool.ts'
import { optionNames } from './hash-order.ts'

const GROUP_SCOPES = ['group', 'all-groups']
const GROUP_ACTIONS = ['list', 'describe', 'delete', 'reset-offsets']
const SECTIONS = ['members', 'offsets', 'state']
export const SCENARIOS = [
  'to-offset',
  'shift-by',
  'to-datetime',
  'by-duration',
  'to-earliest',
  'to-latest',
  'to-current',
  'from-file',
]
/** In the order in which they are looked for among the others. */
const CHECKED_SCENARIOS = [
  'to-offset',
  'to-datetime',
  'by-duration',
  'to-earliest',
  'to-latest',
  'to-current',
  'shift-by',
  'from-file',
]
const ACTIONS = ['list', 'describe', 'delete', 'reset-offsets', 'delete-offsets']

/** The first thing that is wrong with the command line is said, and the tool ends (ConsumerGroupCommandOptions.checkArgs). */
export function checkArgs(tool: Tool): void {
  const { options } = tool
  const refuse = (text: string) => tool.usage(text)
  const has = (name: string) => options.has(name)
  const lacksScope = !has('group') && !has('all-groups')
  const scopes = optionNames(GROUP_SCOPES).join(', ')
  const exclude = (used: string, among: readonly string[]) => {
    const other = optionNames(among.filter((name) => name !== used)).find((name) => has(name.slice(1, -1)))
    if (has(used) && other !== undefined)
      throw refuse(`Option "[${used}]" can't be used with option "${other}"`)
  }

  if (has('describe')) {
    if (lacksScope)
      throw refuse(`Option [describe] takes one of these options: ${optionNames(GROUP_ACTIONS).join(', ')}`)
    if (SECTIONS.filter(has).length > 1) {
      const sections = SECTIONS.map((name) => `[${name}]`).join(', ')
      throw refuse(`Option [describe] takes at most one of these options: ${sections}`)
    }
    if (has('state') && options.value('state') !== undefined)
      throw refuse('Option [describe] does not take a value for [state]')
  }
  if (has('delete')) {
    if (lacksScope) throw refuse(`Option [delete] takes one of these options: ${scopes}`)
    if (has('topic'))
      throw refuse('The consumer does not support topic-specific offset deletion from a consumer group.')
  }
  if (has('delete-offsets') && (!has('group') || !has('topic')))
    throw refuse(`Option [delete-offsets] takes the following options: ${scopes}`)
  if (has('reset-offsets')) {
    if (has('dry-run') && has('execute'))
      throw refuse('Option [reset-offsets] only accepts one of [execute] and [dry-run]')
    if (!has('dry-run') && !has('execute')) tool.errorLine(NO_ACTION)
    if (lacksScope) throw refuse(`Option [reset-offsets] takes one of these options: ${scopes}`)
    for (const scenario of CHECKED_SCENARIOS) exclude(scenario, SCENARIOS)
  }
  exclude('group', GROUP_SCOPES)
  exclude(
    'group',
    GROUP_ACTIONS.filter((name) => name === 'list'),
  )
  exclude(
    'topic',
    GROUP_ACTIONS.filter((name) => name === 'list' || name === 'describe'),
  )
  if (ACTIONS.filter(has).length !== 1) {
    const actions = ACTIONS.map((name) => `--${name}`).join(', ')
    throw refuse(`Command must include exactly one action: ${actions}`)
  }
}

/** The missing space is Kafka's. */
const NO_ACTION =
  'WARN: No action will be performed as the --execute option is missing.In a future major release, the default behavior of this command will be to prompt the user before executing the reset rather than doing a dry run. You should add the --dry-run option explicitly if you are scripting this command and want to keep the current default behavior without prompting.'

import type { GroupListing } from '../../../client/index.ts'
import { illegalArgument, javaSplit } from '../java-lang.ts'
import { textOrder } from './hash-order.ts'
import { allBrokers, column, type Session } from './session.ts'

/** In the order of Kafka's enums. */
const STATES = [
  'PreparingRebalance',
  'CompletingRebalance',
  'Stable',
  'Dead',
  'Empty',
  'Assigning',
  'Reconciling',
]
const TYPES = ['Consumer', 'Classic']

/** `--list`: the ids, or a table when states or types are asked for. */
export async function listGroups(session: Session): Promise<void> {
  const { options, admin } = session
  const print = (text: string) => session.print(text)
  const withType = options.has('type')
  const withState = options.has('state')
  if (!withType && !withState) {
    const { groups } = await session.getWrapped(allBrokers(admin.listConsumerGroups()))
    for (const id of textOrder(groups.map(({ groupId }) => groupId))) print(`${id}\n`)
    return
  }
  const types = known(options.value('type'), TYPES, 'types')
  const states = known(options.value('state'), STATES, 'state')
  const listed = await session.get(
    allBrokers(admin.listConsumerGroups({ states, types: types.map((type) => type.toLowerCase()) })),
  )
  const byId = new Map(listed.groups.map((group) => [group.groupId, group]))
  const groups = textOrder([...byId.keys()]).flatMap((id) => byId.get(id) ?? [])
  const width = Math.max(15, ...groups.map(({ groupId }) => groupId.length)) + 10
  const row = (group: string, type: string, state: string) =>
    print(
      `${column(group, width)}${withType ? ` ${column(type, 20)}` : ''}${withState ? ` ${column(state, 20)}` : ''}\n`,
    )
  row('GROUP', 'TYPE', 'STATE')
  for (const group of groups) row(group.groupId, named(group.type, TYPES), named(group.state, STATES))
}

function known(input: string | undefined, names: readonly string[], what: 'state' | 'types'): string[] {
  if (input === undefined || input === '') return []
  const found = new Set<string>()
  for (const word of javaSplit(input, /,/)) {
    const name = names.find((each) => each.toLowerCase() === word.trim().toLowerCase())
    if (name === undefined)
      throw illegalArgument(
        `Invalid ${what} list '${input}'. Valid ${what === 'types' ? what : 'states'} are: ${names.join(', ')}`,
      )
    found.add(name)
  }
  return [...found]
}

/** What a broker says, in Kafka's spelling. */
function named(said: GroupListing['state'], names: readonly string[]): string {
  return names.find((name) => name.toLowerCase() === said.toLowerCase()) ?? 'Unknown'
}

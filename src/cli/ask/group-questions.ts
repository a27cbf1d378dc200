import { KcliError } from '../../base/errors.ts'
import type { CommandContext } from '../context.ts'
import { plural } from '../output/text.ts'
import { parsePoint } from '../records/offset-grammar.ts'
import { listAll, type Offset, viewGroups } from '../services/groups/groups.ts'
import type { CommandLine } from './need.ts'
import type { Choice } from './prompts.ts'
import { pickTopic } from './topic-questions.ts'
import { argument, saidWords } from './words.ts'

/** One of the groups there are. */
export async function askForGroup(context: CommandContext): Promise<string[]> {
  const { groups } = await listAll(context, await context.target())
  if (groups.length === 0)
    throw new KcliError('KCLI_NO_GROUPS', 'there are no groups yet', {
      hint: 'One comes to be when somebody reads in it: kcli consume TOPIC --group GROUP',
    })
  const group = await context.prompts.pick(
    'Group',
    groups.map(({ groupId, state }) => ({ value: groupId, note: state })),
  )
  return argument(group, '--group')
}

/** A topic of which the group has committed offsets, or one of its partitions. */
export async function askForGroupTopic(context: CommandContext, line: CommandLine): Promise<string[]> {
  const choices = await committedTopics(context, line)
  if (choices.length === 0)
    throw new KcliError('KCLI_NO_OFFSET', 'the group has committed no offsets', {
      hint: 'The whole group goes with: kcli groups delete',
    })
  return ['--topic', await context.prompts.pick('Topic, or one of its partitions', choices)]
}

/** The same, or any other topic where the group has committed nothing. */
export async function askForResetTopic(context: CommandContext, line: CommandLine): Promise<string[]> {
  const choices = await committedTopics(context, line)
  if (choices.length === 0) return ['--topic', await pickTopic(context)]
  const all = { value: ALL_TOPICS, note: 'everything that the group has committed' }
  const topic = await context.prompts.pick('Topic, or one of its partitions', [all, ...choices])
  return topic === ALL_TOPICS ? ['--all-topics'] : ['--topic', topic]
}

const ALL_TOPICS = 'all topics'

async function committedTopics(context: CommandContext, line: CommandLine): Promise<Choice[]> {
  const selection = { names: saidWords(line, 'group'), regex: false }
  const views = await viewGroups(context, await context.target(), selection, { allowMissing: true })
  return topicChoices(views.flatMap(({ offsets }) => offsets))
}

/** Topics first, then their partitions. */
function topicChoices(offsets: readonly Offset[]): Choice[] {
  const counts = new Map<string, number>()
  for (const { topic } of offsets) counts.set(topic, (counts.get(topic) ?? 0) + 1)
  return [
    ...[...counts].map(([topic, count]) => ({ value: topic, note: plural(count, 'partition') })),
    ...offsets.map(({ topic, partition, offset }) => ({
      value: `${topic}:${partition}`,
      note: `offset ${offset}`,
    })),
  ]
}

const PLACES: readonly Choice[] = [
  { value: 'earliest', note: 'the start of the log: everything is read again' },
  { value: 'latest', note: 'the end of the log: what is there is skipped' },
  { value: 'offset', note: 'an offset, +N from the start, -N before the end' },
  { value: 'time', note: 'the first record of that time or later' },
  { value: 'shift', note: 'so many records forward, or back' },
]

/** Where the group is to go on. */
export async function askForResetPlace(context: CommandContext): Promise<string[]> {
  const { prompts, clock } = context
  const place = await prompts.pick('Go on from', PLACES)
  if (place === 'shift') {
    const by = await prompts.text('Records, back with a minus', {
      check: (text) => (/^[+-]?\d{1,15}$/.test(text) ? undefined : 'A number such as 10 or -10'),
    })
    return [`--shift-by=${by.replace('+', '')}`]
  }
  if (place !== 'offset' && place !== 'time') return ['--to', place]
  const isTime = place === 'time'
  const typed = await prompts.text(isTime ? 'Time: -2h, RFC 3339 or milliseconds' : 'Offset', {
    check: (text) => {
      try {
        parsePoint(isTime ? `@${text}` : text, clock.nowMs())
        return undefined
      } catch (error) {
        return error instanceof Error ? error.message : String(error)
      }
    },
  })
  return [`--to=${isTime ? '@' : ''}${typed}`]
}

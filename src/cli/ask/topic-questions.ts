import { KcliError, messageOf } from '../../base/errors.ts'
import type { Admin } from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import { plural } from '../output/text.ts'
import { replicationFactor } from '../services/topics/list.ts'
import { selectTopics } from '../services/topics/select.ts'
import { type CommandLine, isSaid } from './need.ts'
import { argument } from './words.ts'

/** One of the topics there are; internal ones only where the command has a flag that lets them in, and it is given. */
export async function askForTopic(context: CommandContext, line: CommandLine): Promise<string[]> {
  return argument(await pickTopic(context, line.flags.all === true), '--topic')
}

export async function pickTopic(context: CommandContext, includeInternal = false): Promise<string> {
  const { admin } = await context.target()
  const topics = await selectTopics(admin, { names: [], regex: false, includeInternal })
  if (topics.length === 0)
    throw new KcliError('KCLI_NO_TOPICS', 'there are no topics yet', {
      hint: 'Create one with: kcli topics create',
    })
  return context.prompts.pick(
    'Topic',
    topics.map((topic) => ({
      value: topic.name,
      note: `${plural(topic.partitions.length, 'partition')} × ${plural(replicationFactor(topic), 'replica')}`,
    })),
  )
}

/** A name that can be taken, partitions and replicas as far as they are not said, with what the brokers would take. */
export async function askForNewTopic(context: CommandContext, { flags }: CommandLine): Promise<string[]> {
  const { validateTopicName } = await import('../../broker/index.ts')
  const { prompts } = context
  const { admin } = await context.target()
  const [existing, { brokers }] = await Promise.all([admin.listTopics(), admin.describeCluster()])
  const name = await prompts.text('Name of the topic', {
    check: (text) => {
      if (existing.some((topic) => topic.name === text)) return `Topic '${text}' already exists`
      return problemOf(() => validateTopicName(text))
    },
  })
  const words = argument(name, '--topic')
  if (isSaid(flags['replica-assignment'])) return words
  const defaults = await brokerDefaults(admin, brokers[0]?.id)
  if (!isSaid(flags.partitions)) {
    const partitions = await prompts.text('Partitions', {
      default: defaults.partitions,
      check: wholeNumber(1),
    })
    words.push('-p', partitions)
  }
  if (!isSaid(flags['replication-factor'])) {
    const question = `Replicas of each partition (there ${brokers.length === 1 ? 'is 1 broker' : `are ${brokers.length} brokers`})`
    const replicas = await prompts.text(question, {
      default: defaults.replicas,
      check: wholeNumber(1, brokers.length),
    })
    words.push('-r', replicas)
  }
  return words
}

/** A check for whole numbers in a range; without an end, all that Kafka can count. */
export function wholeNumber(from: number, to = 2_147_483_647): (text: string) => string | undefined {
  return (text) => {
    if (/^\d{1,10}$/.test(text) && Number(text) >= from && Number(text) <= to) return undefined
    return to === 2_147_483_647 ? `A number, ${from} or more` : `A number from ${from} to ${to}`
  }
}

function problemOf(check: () => void): string | undefined {
  try {
    check()
    return undefined
  } catch (error) {
    return messageOf(error)
  }
}

/** Brokers need not tell their settings to everybody; Kafka's own defaults are 1 and 1. */
async function brokerDefaults(admin: Admin, broker: number | undefined) {
  const names = ['num.partitions', 'default.replication.factor']
  const [described] =
    broker === undefined
      ? []
      : await admin.describeConfigs([{ type: 'broker', name: String(broker) }], { names }).catch(() => [])
  const valueFor = (name: string) => described?.entries.find((entry) => entry.name === name)?.value ?? '1'
  return { partitions: valueFor('num.partitions'), replicas: valueFor('default.replication.factor') }
}

import { KcliError } from '../../base/errors.ts'
import { type ExplainedConfig, explainConfigs } from '../../broker/index.ts'
import type { ConfigEntry, ConfigResource } from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import { isOwn, requireDescribed, resourcesOf } from '../services/configs/resources.ts'
import { selectTopics } from '../services/topics/select.ts'
import type { CommandLine } from './need.ts'
import type { Choice } from './prompts.ts'
import { wholeNumber } from './topic-questions.ts'
import { saidWords } from './words.ts'

/** A topic, a broker, or all brokers. */
export async function askForConfigResource(context: CommandContext): Promise<string[]> {
  const { admin } = await context.target()
  const [topics, { brokers }] = await Promise.all([
    selectTopics(admin, { names: [], regex: false, includeInternal: false }),
    admin.describeCluster(),
  ])
  const all = 'all brokers'
  const chosen = await context.prompts.pick('Settings of', [
    ...topics.map(({ name }) => ({ value: `topic ${name}` })),
    ...brokers.map(({ id }) => ({ value: `broker ${id}` })),
    { value: all, note: 'what counts for brokers without a setting of their own' },
  ])
  if (chosen === all) return ['--all-brokers']
  const [type = '', name = ''] = chosen.split(' ')
  return [`--${type}`, name]
}

export async function askForConfigChange(context: CommandContext, { flags }: CommandLine): Promise<string[]> {
  const [resource] = resourcesOf(flags)
  if (resource === undefined) return []
  const { name, value } = await askForSetting(context, resource)
  return value === undefined ? ['--delete', name] : ['--set', `${name}=${value}`]
}

/** Of `topics alter`: more partitions, or a setting. */
export async function askForTopicChange(context: CommandContext, line: CommandLine): Promise<string[]> {
  const [topic = ''] = saidWords(line, 'topic')
  const { admin } = await context.target()
  const [found] = await selectTopics(admin, { names: [topic], regex: false, includeInternal: true })
  const now = found?.partitions.length ?? 0
  const what = await context.prompts.pick('Change', [
    { value: 'partitions', note: `there are ${now} now; their number can only grow` },
    { value: 'setting', note: 'such as retention.ms' },
  ])
  if (what === 'partitions')
    return ['-p', await context.prompts.text('Partitions', { check: wholeNumber(now + 1) })]
  const { name, value } = await askForSetting(context, { type: 'topic', name: topic })
  return value === undefined ? ['--delete-config', name] : ['--config', `${name}=${value}`]
}

interface Setting {
  readonly name: string
  /** Undefined: what counts without it. */
  readonly value: string | undefined
}

const SET = 'a value'
const FORGET = 'what counts without it'

/** One of the settings that can be changed while brokers run, and its value. */
async function askForSetting(context: CommandContext, resource: ConfigResource): Promise<Setting> {
  const { prompts } = context
  const { admin } = await context.target()
  const [described] = await admin.describeConfigs([resource], { includeDocumentation: true })
  if (described === undefined) throw new KcliError('KCLI_CONFIGS', 'the brokers tell no settings')
  requireDescribed(described)
  const entries = new Map(described.entries.map((entry) => [entry.name, entry]))
  const known = explainConfigs().filter((config) => canChange(config, resource))
  const name = await prompts.pick(
    'Setting',
    known.map((config) => choiceOf(config, entries.get(config.name))),
  )
  const entry = entries.get(name)
  if (entry !== undefined && isOwn(entry)) {
    const to = await prompts.pick(`${name} is ${entry.value ?? '(secret)'}. Change it to`, [
      { value: SET },
      { value: FORGET },
    ])
    if (to === FORGET) return { name, value: undefined }
  }
  const now = entry?.value ?? ''
  return { name, value: await prompts.text(`${name} =`, now === '' ? {} : { default: now }) }
}

function canChange({ of, update }: ExplainedConfig, { type, name }: ConfigResource): boolean {
  if (of !== type) return false
  return update === 'topic' || update === 'cluster-wide' || (update === 'per-broker' && name !== '')
}

const MAX_MEANING_LENGTH = 300

function choiceOf(config: ExplainedConfig, entry: ConfigEntry | undefined): Choice {
  const { name, type, defaultText, valid, fallsBackTo } = config
  const value = entry?.value ?? defaultText ?? 'none'
  const isDefault = entry === undefined || entry.source === 'DEFAULT_CONFIG'
  const facts = [
    type.toLowerCase(),
    `default ${defaultText || 'none'}`,
    ...(valid === '' ? [] : [`valid: ${valid}`]),
    ...(fallsBackTo.length === 0 ? [] : [`without it counts ${fallsBackTo[0]?.name}`]),
  ].join(', ')
  // Apache Kafka's brokers explain their settings, with HTML in it.
  const explained =
    entry?.documentation
      ?.replace(/<[^>]*>/g, '')
      .replace(/\s+/g, ' ')
      .trim() ?? ''
  const shortened =
    explained.length > MAX_MEANING_LENGTH ? `${explained.slice(0, MAX_MEANING_LENGTH)}…` : explained
  return {
    value: name,
    note: isDefault ? value : `${value} (set)`,
    meaning: explained === '' ? facts : `${facts}\n${shortened}`,
  }
}

import { KcliError } from '../../../base/errors.ts'
import {
  type Admin,
  BrokerError,
  type ConfigOperation,
  type ItemResult,
  type TopicInfo,
} from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { confirmLosses } from '../configs/confirm-losses.ts'
import { reportItems } from '../report-items.ts'

export interface AlterTopicsOptions {
  readonly names: readonly string[]
  /** The new total; it can only grow. */
  readonly partitions: number | undefined
  readonly replicaAssignment: readonly (readonly number[])[] | undefined
  readonly set: ReadonlyMap<string, string>
  readonly append: ReadonlyMap<string, string>
  readonly subtract: ReadonlyMap<string, string>
  readonly remove: readonly string[]
  readonly ifExists: boolean
  readonly dryRun: boolean
  /** The user has agreed already. */
  readonly yes: boolean
}

/** Adds partitions and changes settings. Settings go first: a wrong one is found before partitions are added for good. */
export async function alterTopics(context: CommandContext, options: AlterTopicsOptions): Promise<number> {
  const operations = operationsOf(options)
  const { partitions } = options
  const { admin } = await context.target()
  const results = new Map<string, ItemResult>()
  const existing: TopicInfo[] = []
  for (const topic of await admin.describeTopics(options.names)) {
    if (topic.errorCode === 0) existing.push(topic)
    else results.set(topic.name, { name: topic.name, error: new BrokerError(topic.errorCode) })
  }
  await refuseUnknown(admin, existing, options.remove)
  const changed = (items: readonly ItemResult[]) => {
    for (const item of items) if (!results.get(item.name)?.error) results.set(item.name, item)
  }
  if (operations.length > 0 && existing.length > 0) {
    const changes = existing.map(({ name }) => ({ resource: { type: 'topic' as const, name }, operations }))
    if (!options.yes && !options.dryRun) await confirmLosses(context, changes)
    changed(await admin.incrementalAlterConfigs(changes, { validateOnly: options.dryRun }))
  }
  const fine = existing.filter((topic) => !results.get(topic.name)?.error)
  if (partitions !== undefined && fine.length > 0) {
    const growth = fine.map((topic) => growthOf(topic, partitions, options))
    changed(
      await admin.createPartitions(growth, { validateOnly: options.dryRun, timeoutMs: context.timeoutMs }),
    )
  }
  const items = options.names.flatMap((name) => results.get(name) ?? [])
  const isFine = (item: ItemResult) =>
    item.error === null || (options.ifExists && item.error.errorName === 'UNKNOWN_TOPIC_OR_PARTITION')
  await reportItems(context, items, {
    status: (item) =>
      item.error === null ? (options.dryRun ? 'valid' : 'altered') : isFine(item) ? 'missing' : 'failed',
    sentence: (item, status) => {
      if (status === 'missing') return `Topic ${item.name} does not exist.`
      return status === 'valid' ? `Topic ${item.name} could be altered.` : `Altered topic ${item.name}.`
    },
  })
  return items.every(isFine) ? EXIT.done : EXIT.failed
}

/** A broker takes the removal of a setting that it does not know for done, and a misspelt one would go unnoticed. */
async function refuseUnknown(
  admin: Admin,
  [topic]: readonly TopicInfo[],
  names: readonly string[],
): Promise<void> {
  if (topic === undefined || names.length === 0) return
  const [answer] = await admin.describeConfigs([{ type: 'topic', name: topic.name }], { names })
  if (answer === undefined || answer.error !== null) return
  const unknown = names.find((name) => !answer.entries.some((entry) => entry.name === name))
  if (unknown === undefined) return
  throw new KcliError('KCLI_UNKNOWN_CONFIG', `topics have no setting '${unknown}'`, {
    hint: `See what they have with: kcli topics describe ${topic.name} --all-configs`,
  })
}

function operationsOf(options: AlterTopicsOptions): ConfigOperation[] {
  const withValue = (op: 'set' | 'append' | 'subtract', entries: ReadonlyMap<string, string>) =>
    [...entries].map(([name, value]): ConfigOperation => ({ op, name, value }))
  return [
    ...withValue('set', options.set),
    ...withValue('append', options.append),
    ...withValue('subtract', options.subtract),
    ...options.remove.map((name): ConfigOperation => ({ op: 'delete', name })),
  ]
}

/** The assignment names all partitions, as in Kafka's tool; the request wants only the new ones. */
function growthOf(topic: TopicInfo, totalCount: number, options: AlterTopicsOptions) {
  const count = topic.partitions.length
  const all = options.replicaAssignment
  if (all !== undefined && all.length !== totalCount) {
    throw new UsageError(
      `--replica-assignment names ${all.length} partitions, --partitions says ${totalCount}`,
    )
  }
  return { name: topic.name, totalCount, ...(all !== undefined && { replicaAssignment: all.slice(count) }) }
}

import type { BrokerError, ConfigOperation, ConfigResource } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT, UsageError } from '../../exit-codes.ts'
import { hintFor } from '../report-items.ts'
import { confirmLosses } from './confirm-losses.ts'
import { requireKnownKeys } from './known-keys.ts'
import { resourceData, resourceText } from './resources.ts'

export interface AlterConfigsOptions {
  readonly resources: readonly ConfigResource[]
  readonly set: ReadonlyMap<string, string>
  readonly remove: readonly string[]
  readonly dryRun: boolean
  /** The user has agreed already. */
  readonly yes: boolean
}

/** Changes single settings and leaves the others alone (KIP-339). */
export async function alterConfigs(context: CommandContext, options: AlterConfigsOptions): Promise<number> {
  const { resources, set, remove, dryRun } = options
  const both = remove.find((name) => set.has(name))
  if (both !== undefined) throw new UsageError(`'${both}' is to be set and deleted`, 'Give one of the two.')
  // A broker takes what it does not know: plugins may. So a misspelt name would go unnoticed.
  for (const { type } of resources) requireKnownKeys(type, [...set.keys(), ...remove])
  const operations: ConfigOperation[] = [
    ...[...set].map(([name, value]) => ({ op: 'set', name, value }) as const),
    ...remove.map((name) => ({ op: 'delete', name }) as const),
  ]
  const { admin } = await context.target()
  const changes = resources.map((resource) => ({ resource, operations }))
  if (!options.yes && !dryRun) await confirmLosses(context, changes)
  const results = await admin.incrementalAlterConfigs(changes, { validateOnly: dryRun })
  const rows = resources.map((resource) => {
    const found = results.find(({ name }) => name === resource.name)
    return { resource, error: found?.error ?? null }
  })
  await report(context, rows, dryRun)
  return rows.every(({ error }) => error === null) ? EXIT.done : EXIT.failed
}

interface Row {
  readonly resource: ConfigResource
  readonly error: BrokerError | null
}

/** A sentence for each on stdout, failures on stderr; as data a list with a status and an error for each. */
async function report(context: CommandContext, rows: readonly Row[], dryRun: boolean): Promise<void> {
  const done = dryRun ? 'valid' : 'altered'
  for (const { resource, error } of rows) {
    if (error === null) continue
    context.out.note(`kcli: ${resourceText(resource)}: ${reasonOf(error)}`)
    const hint = await hintFor(context, error, `'${resource.name}': ${error.message}`)
    if (hint !== undefined) context.out.note(hint)
  }
  if (!context.out.isData) {
    const sentence = ({ resource }: Row) =>
      dryRun
        ? `The settings of ${resourceText(resource)} could be altered.\n`
        : `Altered the settings of ${resourceText(resource)}.\n`
    await context.out.write(
      rows
        .filter(({ error }) => error === null)
        .map(sentence)
        .join(''),
    )
    return
  }
  await context.out.view({
    rows,
    columns: [
      { header: 'OF', value: ({ resource }) => resourceText(resource) },
      { header: 'STATUS', value: ({ error }) => (error === null ? done : 'failed') },
      { header: 'ERROR', value: ({ error }) => error?.errorName ?? '' },
    ],
    data: ({ resource, error }) => ({
      resource: resourceData(resource),
      status: error === null ? done : 'failed',
      ...(error !== null && { error: { code: error.errorName, message: reasonOf(error) } }),
    }),
    name: ({ resource }) => resource.name,
  })
}

function reasonOf(error: BrokerError): string {
  if (error.errorName === 'UNKNOWN_TOPIC_OR_PARTITION') return 'there is no such topic'
  return error.message.includes(error.errorName) ? error.message : `${error.message} (${error.errorName})`
}

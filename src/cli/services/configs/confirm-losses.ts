import type { ConfigOperation, ConfigResource } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'

interface Change {
  readonly resource: ConfigResource
  readonly operations: readonly ConfigOperation[]
}

/** Settings that could make brokers delete records. */
const DELETING = /^(log\.)?(retention\.(ms|bytes)|cleanup\.policy)$/

/** Asks on a terminal before settings are changed so that brokers delete records. Scripts name what they want. */
export async function confirmLosses(context: CommandContext, changes: readonly Change[]): Promise<void> {
  if (!context.terminal.canPrompt) return
  const names = [...new Set(changes.flatMap(({ operations }) => operations.map(({ name }) => name)))].filter(
    (name) => DELETING.test(name),
  )
  if (names.length === 0) return
  const { lossesOf } = await import('./losses.ts')
  const { admin } = await context.target()
  const resources = changes.map(({ resource }) => resource)
  const described = await admin.describeConfigs(resources, { names, includeSynonyms: true })
  const losses = described.flatMap((each) => {
    const change = changes.find(
      ({ resource }) => resource.type === each.resource.type && resource.name === each.resource.name,
    )
    return lossesOf(each, change?.operations ?? [])
  })
  if (losses.length === 0) return
  for (const loss of losses) context.out.note(loss)
  await context.confirm('Change that?', '--yes')
}

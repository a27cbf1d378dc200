import { KcliError } from '../../../base/errors.ts'
import type { ConfigEntry, ConfigResource, DescribedConfig } from '../../../client/index.ts'
import { UsageError } from '../../exit-codes.ts'
import { parseIds } from '../../flags.ts'

/** What the flags of `configs describe` and `configs alter` name. */
export interface ResourceFlags {
  readonly topic?: readonly string[] | undefined
  readonly broker?: readonly string[] | undefined
  readonly 'all-brokers'?: boolean | undefined
}

/** Topics and brokers, each once; `''` is what holds for all brokers. */
export function resourcesOf(flags: ResourceFlags): ConfigResource[] {
  const resources: ConfigResource[] = [
    ...[...new Set(flags.topic)].map((name) => ({ type: 'topic', name }) as const),
    ...parseIds(flags.broker ?? []).map((id) => ({ type: 'broker', name: String(id) }) as const),
    ...(flags['all-brokers'] === true ? [{ type: 'broker', name: '' } as const] : []),
  ]
  if (resources.length > 0) return resources
  throw new UsageError('whose settings is not said', 'Give --topic TOPIC, --broker ID or --all-brokers.')
}

export function resourceText({ type, name }: ConfigResource): string {
  return name === '' ? 'all brokers' : `${type} ${name}`
}

/** Whether the value was set for the resource itself, and can be taken away again. */
export function isOwn({ source }: Pick<ConfigEntry, 'source'>): boolean {
  return OWN_SOURCES.has(source)
}

const OWN_SOURCES: ReadonlySet<string> = new Set([
  'DYNAMIC_TOPIC_CONFIG',
  'DYNAMIC_BROKER_CONFIG',
  'DYNAMIC_DEFAULT_BROKER_CONFIG',
])

/** As data: `name` is null for what holds for all brokers. */
export function resourceData({ type, name }: ConfigResource) {
  return { type, name: name === '' ? null : name }
}

/** Throws what a description failed with. */
export function requireDescribed({ resource, error }: DescribedConfig): void {
  if (error === null) return
  if (error.errorName !== 'UNKNOWN_TOPIC_OR_PARTITION') throw error
  throw new KcliError('KCLI_UNKNOWN_TOPIC', `topic '${resource.name}' does not exist`, {
    hint: 'See which there are with: kcli topics list',
  })
}

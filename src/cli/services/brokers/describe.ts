import { KcliError } from '../../../base/errors.ts'
import type { Admin, ConfigEntry } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { loadStyles, type Styles } from '../../output/styles.ts'
import { sizeText } from '../../output/text.ts'
import { type BrokerFacts, brokerFacts, dirBytes, sizeBytes } from './facts.ts'

export interface DescribeBrokersOptions {
  /** All when empty. */
  readonly ids: readonly number[]
  /** Also settings that nobody changed. */
  readonly allConfigs: boolean
}

interface Described extends BrokerFacts {
  readonly configs: readonly ConfigEntry[]
  /** By the key of the API. */
  readonly apiVersions: ReadonlyMap<number, { readonly from: number; readonly to: number }>
}

/** Everything about single brokers: what they carry, where, and how they are set. */
export async function describeBrokers(
  context: CommandContext,
  { ids, allConfigs }: DescribeBrokersOptions,
): Promise<number> {
  const { admin } = await context.target()
  const facts = await brokerFacts(context, ids.length === 0 ? undefined : ids)
  const missing = ids.find((id) => !facts.some((each) => each.id === id))
  if (missing !== undefined) {
    throw new KcliError('KCLI_UNKNOWN_BROKER', `there is no broker ${missing}`, {
      hint: 'See which there are with: kcli brokers list',
    })
  }
  const described = await Promise.all(facts.map((each) => withSettings(admin, each, allConfigs)))
  const text = async () => {
    const styles = await loadStyles(context.terminal.color)
    return described.map((each) => textOf(each, styles)).join('\n')
  }
  await context.out.object(described.map(dataOf), text, () => described.map(({ id }) => String(id)))
  return EXIT.done
}

async function withSettings(admin: Admin, facts: BrokerFacts, allConfigs: boolean): Promise<Described> {
  const { id } = facts
  const [[answer], apiVersions] = await Promise.all([
    admin.describeConfigs([{ type: 'broker', name: String(id) }]),
    admin.brokerApiVersions(id),
  ])
  if (answer?.error) throw answer.error
  const configs = (answer?.entries ?? [])
    .filter(({ source }) => allConfigs || source !== 'DEFAULT_CONFIG')
    .sort((a, b) => (a.name < b.name ? -1 : 1))
  return { ...facts, configs, apiVersions }
}

function dataOf({ id, address, rack, isController, leaders, replicas, outOfSync, ...rest }: Described) {
  return {
    id,
    address,
    rack,
    isController,
    leaders,
    replicas,
    outOfSyncReplicas: outOfSync,
    sizeBytes: rest.silence === null ? sizeBytes(rest.logDirs) : null,
    logDirs: rest.logDirs.map((dir) => ({
      path: dir.logDir,
      error: dir.error?.errorName ?? null,
      replicas: dir.partitions.length,
      sizeBytes: dirBytes(dir),
      totalBytes: known(dir.totalBytes),
      usableBytes: known(dir.usableBytes),
    })),
    apiVersions: [...rest.apiVersions]
      .sort(([a], [b]) => a - b)
      .map(([key, { from, to }]) => ({ key, minVersion: from, maxVersion: to })),
    configs: rest.configs.map(({ name, value, source }) => ({ name, value, source })),
  }
}

/** Brokers before 3.3 do not tell how large a disk is. */
function known(bytes: number): number | null {
  return bytes < 0 ? null : bytes
}

function textOf(each: Described, { bold, bad }: Styles): string {
  const { leaders, replicas, outOfSync, logDirs, silence, configs, apiVersions } = each
  const line = (name: string, value: string) => `${bold(`${name}:`.padEnd(12))} ${value}`
  const dirs = logDirs.map((dir) => {
    if (dir.error !== null) return bad(`  ${dir.logDir}  ${dir.error.errorName}`)
    const disk =
      dir.totalBytes < 0 ? '' : `, ${sizeText(dir.usableBytes)} of ${sizeText(dir.totalBytes)} free`
    return `  ${dir.logDir}  ${dir.partitions.length} replicas, ${sizeText(dirBytes(dir))}${disk}`
  })
  const late = outOfSync > 0 ? bad(`, ${outOfSync} out of sync`) : ''
  const lines = [
    line('Broker', String(each.id)),
    line('Address', each.address ?? 'only through the data directory'),
    line('Rack', each.rack ?? '-'),
    line('Controller', each.isController ? 'yes' : 'no'),
    line('Leaders', String(leaders)),
    line('Replicas', `${replicas}${late}`),
    line('Size', silence === null ? sizeText(sizeBytes(logDirs)) : `unknown: ${silence}`),
    line('APIs', `${apiVersions.size}; see their versions with -o json`),
    bold('Log directories:'),
    ...(dirs.length === 0 ? ['  -'] : dirs),
    bold('Configs:'),
    ...(configs.length === 0
      ? ['  (defaults)']
      : configs.map(({ name, value }) => `  ${name}=${value ?? ''}`)),
  ]
  return `${lines.join('\n')}\n`
}

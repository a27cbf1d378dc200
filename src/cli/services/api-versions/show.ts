import { APIS } from '../../../protocol/messages/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { wantedBrokers } from '../brokers/wanted.ts'

interface Range {
  readonly from: number
  readonly to: number
}

/** One API as some brokers serve it. */
interface Row {
  readonly key: number
  readonly name: string
  readonly brokers: readonly number[]
  readonly served: Range
  /** Undefined: kcli does not know the API. */
  readonly known: Range | undefined
  /** The version that kcli asks with; undefined: there is none that both know. */
  readonly used: number | undefined
}

/**
 * Which versions of which APIs brokers serve, beside those that kcli knows. Brokers that serve the same are one row: more than
 * one for an API tells of brokers of different versions.
 */
export async function showApiVersions(context: CommandContext, ids: readonly number[]): Promise<number> {
  const { admin } = await context.target()
  const wanted = await wantedBrokers(admin, ids)
  const answers = await Promise.all(
    wanted.map(async ({ id }) => ({ broker: id, versions: await admin.brokerApiVersions(id) })),
  )
  await context.out.view({
    rows: rowsOf(answers),
    columns: [
      { header: 'KEY', value: ({ key }) => key },
      { header: 'API', value: ({ name }) => name },
      { header: 'BROKERS', value: ({ brokers: each }) => each.join(',') },
      { header: 'SERVED', value: ({ served }) => rangeText(served) },
      { header: 'KCLI', value: ({ known }) => (known === undefined ? '' : rangeText(known)) },
      { header: 'USED', value: ({ used }) => used ?? '' },
    ],
    data: ({ key, name, brokers: each, served, known, used }) => ({
      key,
      name,
      brokers: each,
      minVersion: served.from,
      maxVersion: served.to,
      kcliMinVersion: known?.from ?? null,
      kcliMaxVersion: known?.to ?? null,
      usedVersion: used ?? null,
    }),
    name: ({ name }) => name,
  })
  return EXIT.done
}

function rowsOf(
  answers: readonly { readonly broker: number; readonly versions: ReadonlyMap<number, Range> }[],
): Row[] {
  const keys = new Set(answers.flatMap(({ versions }) => [...versions.keys()]))
  return [...keys]
    .sort((a, b) => a - b)
    .flatMap((key) => {
      const groups = new Map<string, { served: Range; brokers: number[] }>()
      for (const { broker, versions } of answers) {
        const served = versions.get(key)
        if (served === undefined) continue
        const group = groups.get(rangeText(served)) ?? { served, brokers: [] }
        group.brokers.push(broker)
        groups.set(rangeText(served), group)
      }
      const api = APIS.get(key)
      const known = api?.request.versions
      return [...groups.values()].map(({ served, brokers }) => ({
        ...{ key, name: api?.name ?? 'unknown', brokers, served, known },
        used: known === undefined ? undefined : commonVersion(served, known),
      }))
    })
}

function commonVersion(served: Range, known: Range): number | undefined {
  const highest = Math.min(served.to, known.to)
  return highest >= Math.max(served.from, known.from) ? highest : undefined
}

function rangeText({ from, to }: Range): string {
  return from === to ? `${from}` : `${from}-${to}`
}

import { sleep } from '../../../../base/clock.ts'
import { KcliError } from '../../../../base/errors.ts'
import type { CommandContext } from '../../../context.ts'
import { EXIT, UsageError } from '../../../exit-codes.ts'
import { untilAborted } from '../../../until-aborted.ts'
import { type GroupLag, LagMeter, type MeasureOptions } from './measure.ts'
import { complaints, type LagRows, lagTable, lagTree, seconds } from './view.ts'

export interface LagLimits {
  /** Over all partitions of a group. */
  readonly maxLag: number | undefined
  /** Of the partition that is furthest behind. */
  readonly maxLagMs: number | undefined
}

export interface GroupLagOptions extends MeasureOptions {
  readonly by: LagRows
  /** Leave out what is read to its end. */
  readonly lagging: boolean
  /** Also how the lag of each group went in the window. */
  readonly chart: boolean
  readonly limits: LagLimits
  /** Until every group is within the limits; without limits, until all is read. */
  readonly wait: boolean
  readonly intervalMs: number
}

/** How far groups are behind, and how they do. Exit code 1 when one is over a limit. */
export async function groupLag(
  context: CommandContext,
  options: GroupLagOptions,
): Promise<number | undefined> {
  const target = await context.target()
  if (options.wait && target.offline !== undefined)
    throw new UsageError('--wait has nothing to wait for: files do not change')
  const meter = new LagMeter(context, target, options)
  try {
    const groups = options.wait ? await waitFor(context, meter, options) : await meter.measure()
    await show(context, groups, options)
    const over = options.wait ? [] : overLimits(groups, options.limits)
    for (const text of over) context.out.note(`kcli: ${text}`)
    return over.length > 0 ? EXIT.failed : EXIT.done
  } finally {
    await meter.close()
  }
}

async function show(
  context: CommandContext,
  groups: readonly GroupLag[],
  { by, lagging, chart, windowMs }: GroupLagOptions,
): Promise<void> {
  const shown = lagging ? groups.map(onlyLagging).filter(({ partitions }) => partitions.length > 0) : groups
  const { format } = context.out
  const isTree = format === 'json' || format === 'ndjson' || format === 'yaml' || format === 'name'
  if (isTree) await context.out.view(lagTree(shown))
  else await context.out.view(lagTable(shown, by))
  if (chart && !context.out.isData) {
    const { lagCharts } = await import('./chart.ts')
    await context.out.write(await lagCharts(context, shown, windowMs))
  }
  if (!context.out.isData) for (const text of complaints(shown)) context.out.note(text)
}

function onlyLagging(group: GroupLag): GroupLag {
  return { ...group, partitions: group.partitions.filter(({ lag }) => lag > 0) }
}

/** In words what is over a limit. An age that cannot be told is over none. */
export function overLimits(groups: readonly GroupLag[], { maxLag, maxLagMs }: LagLimits): string[] {
  return groups.flatMap(({ group, lag, lagMs }) => [
    ...(maxLag !== undefined && lag > maxLag
      ? [`group '${group.groupId}' is ${lag} records behind (limit ${maxLag})`]
      : []),
    ...(maxLagMs !== undefined && lagMs !== null && lagMs > maxLagMs
      ? [
          `group '${group.groupId}' is ${seconds(lagMs)} s behind, --max-lag-seconds allows ${maxLagMs / 1000}`,
        ]
      : []),
  ])
}

async function waitFor(
  context: CommandContext,
  meter: LagMeter,
  { limits, intervalMs }: GroupLagOptions,
): Promise<GroupLag[]> {
  const { clock, signal, flags } = context
  const isOpen = limits.maxLag === undefined && limits.maxLagMs === undefined
  const wanted = isOpen ? { ...limits, maxLag: 0 } : limits
  const deadlineMs = clock.monotonicMs() + (flags.timeout ?? Number.POSITIVE_INFINITY)
  for (;;) {
    const leftMs = deadlineMs - clock.monotonicMs()
    const groups = await meter.measure()
    const over = overLimits(groups, wanted)
    if (over.length === 0 || signal.aborted) return groups
    if (leftMs <= 0)
      throw new KcliError('KCLI_LAG_TIMEOUT', `still behind after ${flags.timeout} ms: ${over.join('; ')}`, {
        hint: 'Give --wait more time with --timeout MS.',
      })
    await Promise.race([sleep(clock, Math.min(intervalMs, leftMs)), untilAborted(signal)])
  }
}

import { sleep } from '../../../../base/clock.ts'
import { partitionName } from '../../../../lag/index.ts'
import type { CommandContext } from '../../../context.ts'
import { EXIT, UsageError } from '../../../exit-codes.ts'
import { sparkline } from '../../../output/sparkline.ts'
import { loadStyles, type Styles } from '../../../output/styles.ts'
import { LiveScreen } from '../../../screen/live-screen.ts'
import { untilAborted } from '../../../until-aborted.ts'
import type { GroupLagOptions } from './lag.ts'
import { type GroupLag, LagMeter, type PartitionLag } from './measure.ts'
import { groupData, seconds } from './view.ts'

const KEPT_LAGS = 30

/** Shows lag again and again until `q` or Ctrl-C: on a terminal in place, elsewhere one JSON line for each look. */
export async function watchLag(
  context: CommandContext,
  options: GroupLagOptions,
): Promise<number | undefined> {
  const { format, sink } = context.out
  const isLive = format === 'table' && sink.isTerminal
  if (!isLive && format !== 'table' && format !== 'ndjson' && format !== 'json')
    throw new UsageError(`--watch has no output as ${format}`, 'Use -o ndjson: one line for each look.')
  const target = await context.target()
  if (target.offline !== undefined) throw new UsageError('--watch has nothing to watch: files do not change')
  const meter = new LagMeter(context, target, options)
  try {
    return isLive ? await draw(context, meter, options) : await write(context, meter, options)
  } finally {
    await meter.close()
  }
}

async function write(
  context: CommandContext,
  meter: LagMeter,
  { intervalMs }: GroupLagOptions,
): Promise<undefined> {
  const { clock, signal, out } = context
  const interrupted = untilAborted(signal)
  while (!signal.aborted) {
    const groups = await meter.measure()
    await out.write(`${JSON.stringify({ timeMs: clock.nowMs(), groups: groups.map(groupData) })}\n`)
    await Promise.race([sleep(clock, intervalMs), interrupted])
  }
  return undefined
}

async function draw(
  context: CommandContext,
  meter: LagMeter,
  { intervalMs, lagging }: GroupLagOptions,
): Promise<number | undefined> {
  const { clock, signal, terminal } = context
  const interrupted = untilAborted(signal)
  const styles = await loadStyles(terminal.color)
  const past = new Map<string, number[]>()
  const groups = await meter.measure()
  const screen = new LiveScreen()
  try {
    for (let now = groups; !signal.aborted && !screen.isLeft; now = await meter.measure()) {
      const lines = now.flatMap((group) => groupLines(group, past, lagging, styles))
      const head = `${styles.bold('Lag')}  ${new Date(clock.nowMs()).toISOString()}  ${styles.dim('q: leave')}`
      screen.draw([head, '', ...lines])
      await Promise.race([sleep(clock, intervalMs), screen.whenLeft, interrupted])
      if (screen.isLeft || signal.aborted) break
    }
  } finally {
    screen.close()
  }
  return screen.isLeft ? EXIT.done : undefined
}

function groupLines(
  { group, partitions, lag, lagMs, judgement }: GroupLag,
  past: Map<string, number[]>,
  lagging: boolean,
  styles: Styles,
): string[] {
  const paint = judgement.verdict === 'OK' ? styles.good : styles.bad
  const total = `${lag} records, ${seconds(lagMs)} s`
  const head = `${styles.bold(group.groupId)}  ${group.state}  ${paint(judgement.verdict)}  ${total}  ${styles.dim(judgement.reason)}`
  const width = Math.max(0, ...partitions.map((each) => partitionName(each).length))
  const rows = partitions.map((each) => {
    const key = `${group.groupId}\n${partitionName(each)}`
    const lags = [...(past.get(key) ?? []), each.lag].slice(-KEPT_LAGS)
    past.set(key, lags)
    return { each, line: partitionLine(each, lags, width, styles) }
  })
  return [head, ...rows.filter(({ each }) => !lagging || each.lag > 0).map(({ line }) => line), '']
}

function partitionLine(each: PartitionLag, lags: readonly number[], width: number, styles: Styles): string {
  const { verdict, reason } = each.judgement
  const shown = verdict === 'OK' ? styles.good(verdict.padEnd(6)) : styles.bad(verdict.padEnd(6))
  const numbers = `${String(each.lag).padStart(10)} ${String(seconds(each.lagMs)).padStart(7)} s`
  const why = verdict === 'OK' ? '' : `  ${styles.dim(reason)}`
  return `  ${partitionName(each).padEnd(width)} ${numbers}  ${sparkline(lags).padEnd(KEPT_LAGS)}  ${shown}${why}`
}

import type { CommandContext } from '../../../context.ts'
import { areaLines, type ChartPoint } from '../../../output/chart.ts'
import { loadStyles } from '../../../output/styles.ts'
import { timeText } from '../../../output/text.ts'
import type { GroupLag, PartitionLag } from './measure.ts'

const ROWS = 8
const DEFAULT_COLUMNS = 80

/** How the lag of each group went: drawn on a terminal, as columns elsewhere. */
export async function lagCharts(
  { out, terminal, clock }: CommandContext,
  groups: readonly GroupLag[],
  windowMs: number,
): Promise<string> {
  const styles = await loadStyles(terminal.color)
  const nowMs = clock.nowMs()
  const parts = groups.map(({ group, partitions }) => {
    const points = lagSeries(partitions, nowMs, windowMs)
    if (!out.sink.isTerminal) return columnsText(group.groupId, points)
    const columns = terminal.columns ?? DEFAULT_COLUMNS
    const lines = areaLines(points, { columns, rows: ROWS, styles, valueText: String })
    return `\n${styles.bold(`Lag of ${group.groupId}`)}\n${lines.map((line) => `${line}\n`).join('')}`
  })
  return parts.join('')
}

/**
 * The sum over all partitions at each commit of the window, and now. A partition counts with its first known lag before
 * that: else the sum would jump with each one that becomes known.
 */
export function lagSeries(
  partitions: readonly PartitionLag[],
  nowMs: number,
  windowMs: number,
): ChartPoint[] {
  const current = partitions.map(({ commits, lag }) => {
    const first = commits.find(({ endOffset }) => endOffset >= 0)
    return first === undefined ? lag : first.endOffset - first.offset
  })
  const events = partitions
    .flatMap(({ commits }, at) =>
      commits
        .filter(({ endOffset }) => endOffset >= 0)
        .map(({ timestampMs, offset, endOffset }) => ({ timestampMs, at, lag: endOffset - offset })),
    )
    .sort((a, b) => a.timestampMs - b.timestampMs)
  const total = () => current.reduce((sum, lag) => sum + Math.max(0, lag), 0)
  const points: ChartPoint[] = [{ timeMs: nowMs - windowMs, value: total() }]
  events.forEach(({ timestampMs, at, lag }, i) => {
    current[at] = lag
    // One commit moves many partitions at once.
    const isWhole = events[i + 1]?.timestampMs !== timestampMs
    if (isWhole && timestampMs > nowMs - windowMs)
      points.push({ timeMs: Math.min(timestampMs, nowMs), value: total() })
  })
  return [...points, { timeMs: nowMs, value: partitions.reduce((sum, { lag }) => sum + lag, 0) }]
}

function columnsText(groupId: string, points: readonly ChartPoint[]): string {
  const rows = points.map(({ timeMs, value }) => `${groupId}  ${timeText(timeMs)}  ${value}\n`)
  return `\n${'GROUP'.padEnd(groupId.length)}  ${'TIME'.padEnd(24)}  LAG\n${rows.join('')}`
}

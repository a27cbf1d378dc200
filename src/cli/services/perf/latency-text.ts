import type { CommandContext } from '../../context.ts'
import { barLines, type ChartOptions } from '../../output/chart.ts'
import { loadStyles } from '../../output/styles.ts'
import type { LatencyBin } from './latency-histogram.ts'

const DEFAULT_COLUMNS = 80

/** Where there is a terminal to draw on; undefined elsewhere. */
export async function chartOptions({ out, terminal }: CommandContext): Promise<ChartOptions | undefined> {
  if (!out.sink.isTerminal) return undefined
  return { columns: terminal.columns ?? DEFAULT_COLUMNS, styles: await loadStyles(terminal.color) }
}

/** `850 µs`, `1.2 ms`, `34 ms`, `5.1 s` */
export function latencyText(us: number | null): string {
  if (us === null) return '-'
  if (us < 1_000) return `${Math.round(us)} µs`
  const [value, unit] = us < 1_000_000 ? [us / 1_000, 'ms'] : [us / 1_000_000, 's']
  return `${value < 10 && !Number.isInteger(value) ? value.toFixed(1) : Math.round(value)} ${unit}`
}

/** How many latencies fell where: bars on a terminal, columns elsewhere (`chart` undefined). */
export function distributionText(bins: readonly LatencyBin[], chart: ChartOptions | undefined): string {
  if (bins.length === 0) return ''
  if (chart === undefined) {
    const rows = [
      ['FROM-US', 'TO-US', 'RECORDS'],
      ...bins.map(({ fromUs, toUs, count }) => [fromUs, toUs, count].map(String)),
    ]
    return rows
      .map(([from = '', to = '', count = '']) => `${from.padEnd(9)}  ${to.padEnd(9)}  ${count}\n`)
      .join('')
  }
  const total = bins.reduce((sum, { count }) => sum + count, 0)
  const bars = bins.map(({ fromUs, count }) => ({
    label: latencyText(fromUs),
    value: count,
    text: `${count} (${((100 * count) / total).toFixed(1)} %)`,
  }))
  return `${chart.styles.bold('latency from')}\n${barLines(bars, chart)
    .map((line) => `${line}\n`)
    .join('')}`
}

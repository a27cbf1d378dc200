import { bar } from './bars.ts'
import { clockText } from './clock-text.ts'
import type { Styles } from './styles.ts'
import { textWidth } from './text-width.ts'

export interface Bar {
  readonly label: string
  readonly value: number
  /** What stands behind the bar; the value by default. */
  readonly text?: string
}

export interface ChartOptions {
  /** Of the terminal. */
  readonly columns: number
  readonly styles: Styles
}

const LEAST_BAR_COLUMNS = 10
const MOST_BAR_COLUMNS = 60

/** A row for each bar, the longest as wide as there is room for. For terminals: elsewhere the numbers are enough. */
export function barLines(bars: readonly Bar[], { columns, styles }: ChartOptions): string[] {
  const texts = bars.map(({ value, text }) => text ?? String(value))
  const labelColumns = Math.max(0, ...bars.map(({ label }) => textWidth(label)))
  const textColumns = Math.max(0, ...texts.map(textWidth))
  const room = columns - labelColumns - textColumns - 4
  const width = Math.max(LEAST_BAR_COLUMNS, Math.min(MOST_BAR_COLUMNS, room))
  const most = Math.max(0, ...bars.map(({ value }) => value))
  return bars.map(({ label, value }, i) => {
    const drawn = most === 0 ? '' : bar(value / most, width)
    const gap = ' '.repeat(labelColumns - textWidth(label))
    return `${gap}${label}  ${drawn === '' ? '' : `${styles.good(drawn)} `}${texts[i]}`
  })
}

/** A value at a time; undefined where it is not known. */
export interface ChartPoint {
  readonly timeMs: number
  readonly value: number | undefined
}

export interface LineChartOptions extends ChartOptions {
  readonly rows: number
  readonly valueText: (value: number) => string
}

const LEVELS = ['', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█']
const MARKS = 3

/** How a value went over time, from nothing at the bottom to its highest at the top. For terminals. */
export function areaLines(points: readonly ChartPoint[], options: LineChartOptions): string[] {
  const { columns, rows, styles, valueText } = options
  const first = points[0]
  const last = points.at(-1)
  if (first === undefined || last === undefined) return []
  const highest = Math.max(0, ...points.map(({ value }) => value ?? 0))
  const marks = Array.from({ length: MARKS }, (_, i) => ({
    row: Math.round(((rows - 1) * i) / (MARKS - 1)),
    text: valueText(Math.round((highest * (MARKS - 1 - i)) / (MARKS - 1))),
  }))
  const markColumns = Math.max(...marks.map(({ text }) => text.length))
  const width = Math.max(LEAST_BAR_COLUMNS, columns - markColumns - 3)
  const values = resample(points, width)
  const lines = Array.from({ length: rows }, (_, row) => {
    const drawn = values.map((value) => cell(value, highest, rows - 1 - row, rows)).join('')
    const mark = marks.find((each) => each.row === row)?.text ?? ''
    return `${mark.padStart(markColumns)} ${mark === '' ? '│' : '┤'}${styles.good(drawn.trimEnd())}`.trimEnd()
  })
  const [from, to] = [clockText(first.timeMs), clockText(last.timeMs)]
  const foot = from + to.padStart(Math.max(to.length + 1, values.length - from.length))
  return [...lines, `${' '.repeat(markColumns + 2)}${styles.dim(foot)}`]
}

/** The part of a column that one row of the chart shows, counted from the bottom. */
function cell(value: number | undefined, highest: number, row: number, rows: number): string {
  if (value === undefined) return ' '
  const eighths = highest === 0 ? 0 : Math.max(value > 0 ? 1 : 0, Math.round((value / highest) * rows * 8))
  const here = Math.max(0, Math.min(8, eighths - row * 8))
  if (here === 0) return row === 0 ? '▁' : ' '
  return LEVELS[here] ?? ''
}

/** Columns of equal time: the highest value in each, so that no peak is lost, or the one before where there is none. */
function resample(points: readonly ChartPoint[], width: number): (number | undefined)[] {
  const fromMs = points[0]?.timeMs ?? 0
  const spanMs = Math.max(1, (points.at(-1)?.timeMs ?? 0) - fromMs)
  const values: (number | undefined)[] = []
  let at = 0
  let before: number | undefined
  for (let column = 0; column < width; column++) {
    const untilMs = fromMs + (spanMs * (column + 1)) / width
    const isLast = column === width - 1
    let highest: number | undefined
    for (; at < points.length && (isLast || (points[at]?.timeMs ?? 0) < untilMs); at++) {
      before = points[at]?.value
      if (before !== undefined) highest = Math.max(highest ?? 0, before)
    }
    values.push(highest ?? before)
  }
  return values
}

import { csvLine } from './csv.ts'
import { type Column, type OutputFormat, type View, visibleColumns } from './format.ts'
import { loadStyles } from './styles.ts'
import { visibleWidth } from './text-width.ts'

export interface RenderOptions {
  readonly format: OutputFormat
  readonly headers: boolean
  /** Draw for a reader at a terminal; else plain aligned columns that `awk` can split. */
  readonly isTerminal: boolean
  readonly color: boolean
}

/** The whole text of a view. Packages for drawing are loaded only when the form needs them. */
export async function render<T>(view: View<T>, options: RenderOptions): Promise<string> {
  switch (options.format) {
    case 'json':
      return `${JSON.stringify(view.rows.map(view.data), null, 2)}\n`
    case 'ndjson':
      return lines(view.rows.map((row) => JSON.stringify(view.data(row))))
    case 'yaml': {
      const { stringify } = await import('yaml')
      return stringify(view.rows.map(view.data))
    }
    case 'name':
      return lines(view.rows.map(view.name))
    case 'csv':
      return cells(view, options).map(csvLine).join('')
    default:
      if (view.rows.length === 0) return ''
      return options.isTerminal ? await drawTable(view, options) : plainTable(cells(view, options))
  }
}

function cells<T>(view: View<T>, options: RenderOptions): string[][] {
  const columns = visibleColumns(view, options.format)
  const isCsv = options.format === 'csv'
  const cell = (column: Column<T>, row: T) => ((isCsv && column.raw) || column.value)(row)
  const rows = view.rows.map((row) => columns.map((column) => String(cell(column, row))))
  return options.headers ? [columns.map((column) => column.header), ...rows] : rows
}

function lines(items: readonly string[]): string {
  return items.map((item) => `${item}\n`).join('')
}

/** Two spaces between columns, none behind the last. An empty cell is `-`, so that columns can be counted. */
function plainTable(rows: readonly (readonly string[])[]): string {
  const widths: number[] = []
  for (const row of rows) {
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, cell.length, 1)
    })
  }
  return lines(
    rows.map((row) =>
      row
        .map((cell, i) => (i === row.length - 1 ? cell || '-' : (cell || '-').padEnd(widths[i] ?? 0)))
        .join('  ')
        .trimEnd(),
    ),
  )
}

/** Two spaces between columns, numbers to the right. */
async function drawTable<T>(view: View<T>, options: RenderOptions): Promise<string> {
  const { bold } = await loadStyles(options.color)
  const columns = visibleColumns(view, options.format)
  const isRight = columns.map((column) => isNumeric(column, view.rows))
  const rows = view.rows.map((row) => columns.map((column) => String(column.value(row)) || '-'))
  const heads = options.headers ? [columns.map(({ header }) => header)] : []
  const widths = columns.map(() => 0)
  for (const row of [...heads, ...rows])
    row.forEach((cell, i) => {
      widths[i] = Math.max(widths[i] ?? 0, visibleWidth(cell))
    })
  const drawn = (row: readonly string[], style: (text: string) => string) =>
    row
      .map((cell, i) => {
        const gap = ' '.repeat((widths[i] ?? 0) - visibleWidth(cell))
        return isRight[i] === true ? gap + style(cell) : style(cell) + gap
      })
      .join('  ')
      .trimEnd()
  return lines([...heads.map((row) => drawn(row, bold)), ...rows.map((row) => drawn(row, (cell) => cell))])
}

/** Numbers, with gaps where there is none. */
function isNumeric<T>(column: Column<T>, rows: readonly T[]): boolean {
  const values = rows.map((row) => column.value(row))
  return (
    values.some((value) => value !== '') && values.every((value) => value === '' || typeof value === 'number')
  )
}

import { csvLine } from './csv.ts'
import { type Column, type OutputFormat, type View, visibleColumns } from './format.ts'
import { loadStyles } from './styles.ts'

export interface RenderOptions {
  readonly format: OutputFormat
  readonly headers: boolean
  /** Draw for a reader at a terminal; else plain aligned columns that `awk` can split. */
  readonly isTerminal: boolean
  readonly color: boolean
}

/** cli-table3 takes the square of the rows: 16 s for ten thousand. Nobody reads so many for their looks. */
const MAX_DRAWN_ROWS = 500

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
      return options.isTerminal && view.rows.length <= MAX_DRAWN_ROWS
        ? await drawTable(view, options)
        : plainTable(cells(view, options))
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

const NO_BORDERS = {
  top: '',
  'top-mid': '',
  'top-left': '',
  'top-right': '',
  bottom: '',
  'bottom-mid': '',
  'bottom-left': '',
  'bottom-right': '',
  left: '',
  'left-mid': '',
  mid: '',
  'mid-mid': '',
  right: '',
  'right-mid': '',
  middle: '  ',
}

/** Two spaces between columns, numbers to the right. */
async function drawTable<T>(view: View<T>, options: RenderOptions): Promise<string> {
  const [{ default: Table }, { bold }] = await Promise.all([import('cli-table3'), loadStyles(options.color)])
  const columns = visibleColumns(view, options.format)
  const table = new Table({
    chars: NO_BORDERS,
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
    ...(options.headers && { head: columns.map((column) => bold(column.header)) }),
    colAligns: columns.map((column) => (isNumeric(column, view.rows) ? 'right' : 'left')),
  })
  for (const row of view.rows) table.push(columns.map((column) => String(column.value(row)) || '-'))
  return lines(
    table
      .toString()
      .split('\n')
      .map((line) => line.trimEnd()),
  )
}

/** Numbers, with gaps where there is none. */
function isNumeric<T>(column: Column<T>, rows: readonly T[]): boolean {
  const values = rows.map((row) => column.value(row))
  return (
    values.some((value) => value !== '') && values.every((value) => value === '' || typeof value === 'number')
  )
}

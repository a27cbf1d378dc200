import { type OutputFormat, type View, visibleColumns } from './format.ts'
import { visibleWidth } from './text-width.ts'

/** Each row on lines of its own, as psql's `\x` shows it. */
export function expandedTable<T>(view: View<T>, format: OutputFormat): string {
  const columns = visibleColumns(view, format)
  const width = Math.max(...columns.map(({ header }) => header.length))
  return view.rows
    .map((row, i) => {
      const title = `-[ ${i + 1} ]`.padEnd(width + 20, '-')
      const lines = columns.map(({ header, value }) =>
        `${header.padEnd(width)}  ${String(value(row)) || '-'}`.trimEnd(),
      )
      return `${[title, ...lines].join('\n')}\n`
    })
    .join('')
}

export function widestLine(text: string): number {
  return text.split('\n').reduce((widest, line) => Math.max(widest, visibleWidth(line)), 0)
}

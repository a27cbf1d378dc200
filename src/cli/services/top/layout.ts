import type { Styles } from '../../output/styles.ts'
import { printable } from '../../output/text.ts'
import { textWidth } from '../../output/text-width.ts'
import { padTo } from '../../screen/fit.ts'
import type { TopColumn } from './tables.ts'
import type { Trends } from './trends.ts'

const GAP = 2
const LEAST_WIDE = 12
const NO_LIMIT = 1_000

export interface TableLines {
  readonly head: string
  /** One for each row, styled, not yet marked. */
  readonly rows: readonly string[]
  /** The same without styles, for a row that is shown inverse. */
  readonly plainRows: readonly string[]
}

export interface LayoutOptions {
  readonly columns: number
  readonly trends: Trends
  readonly styles: Styles
  /** Has an arrow at its name. */
  readonly sorting?: { readonly column: string; readonly isDescending: boolean }
}

/** Rows under each other. Where the screen is too narrow the wide column is cut, then columns at the right are left out. */
export function layOut<T>(
  table: readonly TopColumn<T>[],
  rows: readonly T[],
  { columns, trends, styles, sorting }: LayoutOptions,
): TableLines {
  const headers = table.map(({ header }) =>
    header === sorting?.column ? `${header}${sorting.isDescending ? '↓' : '↑'}` : header,
  )
  // What is in topics' and groups' names came from somebody else.
  const cells = rows.map((row) => table.map((column) => printable(column.text(row, trends))))
  const widths = table.map((column, i) => {
    let width = Math.max(column.width ?? 0, textWidth(headers[i] ?? ''))
    for (const row of cells) width = Math.max(width, textWidth(row[i] ?? ''))
    return width
  })
  // A rack that no broker has, a trouble that no partition has.
  const filled = table.flatMap((_, i) => (rows.length === 0 || cells.some((row) => row[i] !== '') ? i : []))
  const shown = fitting(filled, table, widths, columns)
  const line = (texts: readonly string[], paint: (text: string, column: number) => string) =>
    shown
      .map((i) =>
        paint(padTo(texts[i] ?? '', widths[i] ?? 0, table[i]?.kind === 'number' ? 'right' : 'left'), i),
      )
      .join(' '.repeat(GAP))
      .trimEnd()
  return {
    head: styles.bold(line(headers, plain)),
    rows: rows.map((row, at) =>
      line(cells[at] ?? [], (text, i) => (table[i]?.isBad?.(row) ? styles.bad(text) : text)),
    ),
    plainRows: cells.map((texts) => line(texts, plain)),
  }
}

/** The columns that have room, by number; `widths` is changed to what they get. */
function fitting<T>(
  filled: readonly number[],
  table: readonly TopColumn<T>[],
  widths: number[],
  columns: number,
): number[] {
  const shown = [...filled]
  const wide = table.findIndex(({ isWide }) => isWide === true)
  const total = () => shown.reduce((sum, i) => sum + (widths[i] ?? 0), GAP * (shown.length - 1))
  for (;;) {
    const over = total() - columns
    if (over <= 0) return shown
    const width = shown.includes(wide) ? (widths[wide] ?? 0) : 0
    const spare = Math.max(0, width - LEAST_WIDE)
    if (spare >= over || shown.length <= 2) {
      if (width > 0) widths[wide] = Math.max(1, Math.min(NO_LIMIT, width - over))
      return shown
    }
    // The wide one stays: it is the name of the thing, or the reason.
    const last = shown.findLastIndex((i) => i !== wide)
    shown.splice(last, 1)
  }
}

function plain(text: string): string {
  return text
}

import type { TopState } from './state.ts'
import { type TopColumn, tableOf } from './tables.ts'
import type { TopView } from './view.ts'

/** The rows of the tab that is shown: those that match the filter, sorted. */
export function shownRows(view: TopView, { tab, filters, sorting }: TopState): readonly unknown[] {
  const table = tableOf(tab)
  const words = filters[tab]
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  const all = table.rows(view)
  const rows =
    words.length === 0
      ? all
      : all.filter((row) => {
          const text = table.words(row).toLowerCase()
          return words.every((word) => text.includes(word))
        })
  const column = table.columns.find(({ header }) => header === sorting[tab].column)
  if (column?.value === undefined) return sorting[tab].isReversed ? [...rows].reverse() : rows
  return sorted(rows, column, isDescending(column) !== sorting[tab].isReversed)
}

/** One looks for the largest numbers and the first names; an id is a name. */
export function isDescending({ kind, header }: Pick<TopColumn<unknown>, 'kind' | 'header'>): boolean {
  return kind === 'number' && header !== 'ID'
}

/** What is not known comes last. Rows that are alike keep their order, so that nothing dances. */
function sorted(rows: readonly unknown[], { value }: TopColumn<unknown>, descending: boolean): unknown[] {
  const sign = descending ? -1 : 1
  return rows
    .map((row) => ({ row, by: value?.(row) ?? null }))
    .sort((a, b) => {
      if (a.by === b.by) return 0
      if (a.by === null) return 1
      if (b.by === null) return -1
      return a.by < b.by ? -sign : sign
    })
    .map(({ row }) => row)
}

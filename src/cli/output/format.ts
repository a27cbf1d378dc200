/** What `-o` takes. */
export const OUTPUT_FORMATS = ['table', 'wide', 'json', 'ndjson', 'yaml', 'csv', 'name'] as const
export type OutputFormat = (typeof OUTPUT_FORMATS)[number]

/** One column of a table; `wide` ones show only with `-o wide` (and in CSV, which has them all). */
export interface Column<T> {
  readonly header: string
  /** '' where there is nothing: tables show `-`, CSV an empty cell. */
  readonly value: (row: T) => string | number
  /** For CSV, where `value` is for reading: bytes in place of `1.5 MiB`. */
  readonly raw?: (row: T) => string | number
  readonly wide?: boolean
}

/** A list of things, and how each form of output shows one of them. */
export interface View<T> {
  readonly rows: readonly T[]
  readonly columns: readonly Column<T>[]
  /** The thing as data, for JSON, NDJSON and YAML. Field names are part of the interface. */
  readonly data: (row: T) => unknown
  /** What `-o name` prints: something that another command takes. */
  readonly name: (row: T) => string
  /** Said on stderr in place of an empty table. */
  readonly empty?: string
}

export function visibleColumns<T>(view: View<T>, format: OutputFormat): readonly Column<T>[] {
  return format === 'table' ? view.columns.filter((column) => column.wide !== true) : view.columns
}

import { csvLine } from './csv.ts'
import type { Column, OutputFormat } from './format.ts'
import { loadStyles } from './styles.ts'

/** One kind of row, and how each form of output shows it. */
export interface RowKind<T> {
  readonly columns: readonly Column<T>[]
  readonly data: (row: T) => unknown
  readonly name: (row: T) => string
}

export interface RowStreamOptions {
  readonly format: OutputFormat
  readonly headers: boolean
  readonly color: boolean
  readonly out: (text: string) => void
}

/** How many rows a table's columns are fitted to; later rows may be wider. */
const ROWS_TO_FIT = 200

/**
 * Rows of unlimited number in all forms of output, in constant memory. Tables may have several parts with columns of their
 * own; JSON is one list of all.
 */
export class RowStream {
  private readonly options: RowStreamOptions
  private readonly bold: (text: string) => string
  private readonly toYaml: ((data: unknown) => string) | undefined
  private columns: readonly Column<never>[] | undefined
  private waiting: string[][] = []
  private widths: number[] | undefined
  private count = 0
  private hasTitle = false

  private constructor(
    options: RowStreamOptions,
    bold: (text: string) => string,
    toYaml: ((data: unknown) => string) | undefined,
  ) {
    this.options = options
    this.bold = bold
    this.toYaml = toYaml
  }

  static async open(options: RowStreamOptions): Promise<RowStream> {
    const { bold } = await loadStyles(options.color)
    const toYaml = options.format === 'yaml' ? (await import('yaml')).stringify : undefined
    return new RowStream(options, bold, toYaml)
  }

  get isTable(): boolean {
    return this.options.format === 'table' || this.options.format === 'wide'
  }

  /** A heading of its own for what follows; only tables have them. */
  part(title: string): void {
    if (!this.isTable) return
    this.endTable()
    this.options.out(`${this.count > 0 || this.hasTitle ? '\n' : ''}${this.bold(title)}\n`)
    this.hasTitle = true
  }

  add<T>(kind: RowKind<T>, row: T): void {
    this.count++
    if (this.isTable) this.addCells(kind.columns, row)
    else this.options.out(this.line(kind, row))
  }

  private line<T>(kind: RowKind<T>, row: T): string {
    switch (this.options.format) {
      case 'json':
        return `${this.count === 1 ? '[\n' : ',\n'}${JSON.stringify(kind.data(row))}`
      case 'yaml':
        return this.toYaml?.([kind.data(row)]) ?? ''
      case 'name':
        return `${kind.name(row)}\n`
      case 'csv':
        return this.csvLines(kind.columns, row)
      default:
        return `${JSON.stringify(kind.data(row))}\n`
    }
  }

  finish(): void {
    this.endTable()
    if (this.options.format === 'json') this.options.out(this.count === 0 ? '[]\n' : '\n]\n')
  }

  /** Rows of another kind get a line of names of their own. */
  private csvLines<T>(columns: readonly Column<T>[], row: T): string {
    const cells = csvLine(columns.map((column) => String((column.raw ?? column.value)(row))))
    const isNew = this.isNew(columns)
    this.columns = columns
    return isNew && this.options.headers ? csvLine(columns.map(({ header }) => header)) + cells : cells
  }

  private isNew<T>(columns: readonly Column<T>[]): boolean {
    const before = this.columns
    if (before === columns) return false
    return before?.length !== columns.length || columns.some(({ header }, i) => header !== before[i]?.header)
  }

  private addCells<T>(columns: readonly Column<T>[], row: T): void {
    const shown = this.options.format === 'wide' ? columns : columns.filter((column) => column.wide !== true)
    if (this.isNew(columns)) {
      this.endTable()
      this.columns = columns
      if (this.options.headers) this.waiting.push(shown.map((column) => column.header))
    }
    const cells = shown.map((column) => String(column.value(row)) || '-')
    if (this.widths !== undefined) this.writeLine(cells)
    else {
      this.waiting.push(cells)
      if (this.waiting.length > ROWS_TO_FIT) this.writeWaiting()
    }
  }

  private endTable(): void {
    this.writeWaiting()
    this.columns = undefined
    this.widths = undefined
  }

  private writeWaiting(): void {
    if (this.waiting.length === 0) return
    const [first = []] = this.waiting
    this.widths = first.map((_, i) => Math.max(...this.waiting.map((row) => row[i]?.length ?? 0)))
    this.waiting.forEach((row, i) => {
      this.writeLine(row, i === 0 && this.options.headers)
    })
    this.waiting = []
  }

  /** Two spaces between columns, none behind the last. */
  private writeLine(cells: readonly string[], isHead = false): void {
    const last = cells.length - 1
    const line = cells.map((cell, i) => (i === last ? cell : cell.padEnd(this.widths?.[i] ?? 0))).join('  ')
    this.options.out(`${isHead ? this.bold(line.trimEnd()) : line.trimEnd()}\n`)
  }
}

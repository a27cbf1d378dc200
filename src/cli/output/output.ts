import type { ByteSink } from '../../base/standard-streams.ts'
import { csvOfData } from './csv.ts'
import { expandedTable, widestLine } from './expanded.ts'
import type { OutputFormat, View } from './format.ts'
import type { Pager } from './pager.ts'
import { render } from './render.ts'

export interface OutputOptions {
  readonly format: OutputFormat
  readonly headers: boolean
  readonly color: boolean
  readonly sink: ByteSink
  /** Everything that is not data: progress, summaries, warnings. */
  readonly note: (text: string) => void
  /** Called before anything is written, wherever it goes. */
  readonly onWrite?: () => void
  /** For texts that are taller than the terminal. */
  readonly pager?: Pager | undefined
  /** Tables that are wider than this have a line for each cell instead. */
  readonly expandedFrom?: number | undefined
}

/** Where a command puts its result. Data goes to stdout, in the form the user chose; everything else to stderr. */
export class Output {
  readonly format: OutputFormat
  readonly sink: ByteSink
  private readonly options: OutputOptions
  private started = false

  constructor(options: OutputOptions) {
    this.options = options
    this.format = options.format
    this.sink = options.sink
  }

  /** True once something went to stdout. */
  get hasStarted(): boolean {
    return this.started
  }

  /** True for the forms that programs read. */
  get isData(): boolean {
    return this.format !== 'table' && this.format !== 'wide'
  }

  /** One line on stderr. */
  note(text: string): void {
    this.options.onWrite?.()
    this.options.note(`${text}\n`)
  }

  warn(text: string): void {
    this.note(`warning: ${text}`)
  }

  async view<T>(view: View<T>): Promise<void> {
    if (view.rows.length === 0 && !this.isData && view.empty !== undefined) this.note(view.empty)
    const { format, headers, color, sink, expandedFrom } = this.options
    const text = await render(view, { format, headers, color, isTerminal: sink.isTerminal })
    const isTooWide = !this.isData && expandedFrom !== undefined && widestLine(text) > expandedFrom
    await this.write(isTooWide ? expandedTable(view, format) : text)
  }

  /**
   * One thing, or a list that is more than a table: JSON and YAML show the object itself, NDJSON and CSV each of a list on a
   * line of its own, the other forms what `text` gives. `names` is what another command takes, for `-o name`.
   */
  async object(
    data: unknown,
    text: () => string | Promise<string>,
    names?: () => readonly string[],
  ): Promise<void> {
    switch (this.format) {
      case 'json':
        return await this.write(`${JSON.stringify(data, null, 2)}\n`)
      case 'ndjson': {
        const lines: readonly unknown[] = Array.isArray(data) ? data : [data]
        return await this.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
      }
      case 'yaml': {
        const { stringify } = await import('yaml')
        return await this.write(stringify(data))
      }
      case 'csv':
        return await this.write(csvOfData(data, this.options.headers))
      case 'name':
        if (names !== undefined)
          return await this.write(
            names()
              .map((name) => `${name}\n`)
              .join(''),
          )
        return await this.write(await text())
      default:
        return await this.write(await text())
    }
  }

  /** When the command has ended: shows what was too tall for the terminal. */
  async finish(): Promise<void> {
    await this.options.pager?.show()
  }

  /** Raw bytes or text for stdout; waits while the reader is slow. */
  async write(bytes: Uint8Array | string): Promise<void> {
    if (bytes.length === 0) return
    this.started = true
    this.options.onWrite?.()
    if (typeof bytes === 'string' && this.options.pager?.takes(bytes) === true) return
    await this.sink.write(bytes)
  }
}

import type { ByteSink } from '../../base/standard-streams.ts'
import type { OutputFormat, View } from './format.ts'
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
    const { format, headers, color, sink } = this.options
    await this.write(await render(view, { format, headers, color, isTerminal: sink.isTerminal }))
  }

  /** One thing rather than a list: JSON and YAML show the object itself, the other forms what `text` gives. */
  async object(data: unknown, text: () => string | Promise<string>): Promise<void> {
    switch (this.format) {
      case 'json':
        return await this.write(`${JSON.stringify(data, null, 2)}\n`)
      case 'ndjson':
        return await this.write(`${JSON.stringify(data)}\n`)
      case 'yaml': {
        const { stringify } = await import('yaml')
        return await this.write(stringify(data))
      }
      default:
        return await this.write(await text())
    }
  }

  /** Raw bytes or text for stdout; waits while the reader is slow. */
  async write(bytes: Uint8Array | string): Promise<void> {
    if (bytes.length === 0) return
    this.started = true
    this.options.onWrite?.()
    await this.sink.write(bytes)
  }
}

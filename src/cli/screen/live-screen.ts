import { clip } from './fit.ts'
import { type Key, KeyDecoder } from './keys.ts'

const ESC = '\u001b'
const ENTER = `${ESC}[?1049h${ESC}[?25l`
const LEAVE = `${ESC}[?25h${ESC}[?1049l`
const CLEAR = `${ESC}[2J`
const CLEAR_TO_END_OF_LINE = `${ESC}[K`

export interface LiveScreenOptions {
  /** Ctrl-C, Ctrl-Z and Ctrl-L are dealt with already. */
  readonly onKey?: (key: Key) => void
  /** The size has changed, or something else was on the screen: what is drawn next is drawn whole. */
  readonly onResize?: () => void
}

/**
 * A terminal that is drawn on in place, beside what was there before. Whichever way the process ends, short of SIGKILL,
 * the user's screen comes back.
 */
export class LiveScreen {
  /** `q` was typed. */
  readonly whenLeft: Promise<void>
  private left = false
  private leave: () => void = () => undefined
  private readonly options: LiveScreenOptions
  private readonly wasRaw: boolean
  private readonly keys: KeyDecoder
  private readonly onData = (chunk: Buffer) => this.keys.write(chunk)
  private readonly onExit = () => this.restore()
  private readonly onResize = () => {
    this.clear()
    this.options.onResize?.()
  }
  private readonly onContinue = () => {
    this.enter()
    this.options.onResize?.()
  }
  /** What each row shows. */
  private shown: string[] = []
  private isOpen = false

  constructor(options: LiveScreenOptions = {}) {
    this.options = options
    const { stdin } = process
    this.whenLeft = new Promise((resolve) => {
      this.leave = () => {
        this.left = true
        resolve()
      }
    })
    this.keys = new KeyDecoder((key) => this.onKey(key))
    this.wasRaw = stdin.isRaw === true
    this.enter()
    process.on('exit', this.onExit)
    process.stdout.on('resize', this.onResize)
  }

  get isLeft(): boolean {
    return this.left
  }

  get rows(): number {
    return process.stdout.rows || 24
  }

  get columns(): number {
    return process.stdout.columns || 80
  }

  /** As `q` does. */
  end(): void {
    this.leave()
  }

  /** Replaces what is shown: only rows that differ are written, all in one go, so nothing flickers. */
  draw(lines: readonly string[]): void {
    if (!this.isOpen) return
    const { rows, columns } = this
    const wanted = Array.from({ length: rows }, (_, row) => clip(lines[row] ?? '', columns))
    const text = changedRows(this.shown, wanted)
    this.shown = wanted
    if (text !== '') process.stdout.write(text)
  }

  close(): void {
    this.restore()
    process.off('exit', this.onExit)
    process.stdout.off('resize', this.onResize)
    this.keys.close()
  }

  private enter(): void {
    if (this.isOpen) return
    this.isOpen = true
    const { stdin, stdout } = process
    if (stdin.isTTY) {
      stdin.setRawMode(true)
      stdin.on('data', this.onData)
      stdin.resume()
    }
    stdout.write(ENTER)
    this.clear()
  }

  private restore(): void {
    if (!this.isOpen) return
    this.isOpen = false
    const { stdin, stdout } = process
    if (stdin.isTTY) {
      stdin.off('data', this.onData)
      stdin.setRawMode(this.wasRaw)
      stdin.pause()
    }
    stdout.write(LEAVE)
  }

  private clear(): void {
    process.stdout.write(CLEAR)
    this.shown = []
  }

  /** In raw mode the terminal sends keys where it would send signals otherwise. */
  private onKey(key: Key): void {
    if (key === 'ctrl-c') process.kill(process.pid, 'SIGINT')
    else if (key === 'ctrl-z') this.suspend()
    else if (key === 'ctrl-l') this.onResize()
    else if (this.options.onKey !== undefined) this.options.onKey(key)
    else if (key === 'q' || key === 'Q') this.leave()
  }

  private suspend(): void {
    if (process.platform === 'win32') return
    this.restore()
    process.once('SIGCONT', this.onContinue)
    process.kill(process.pid, 'SIGTSTP')
  }
}

/** What to write so that a screen that shows `before` shows `wanted`; '' when it does. Rows count from the top. */
export function changedRows(before: readonly string[], wanted: readonly string[]): string {
  let text = ''
  wanted.forEach((line, row) => {
    if (line === (before[row] ?? '')) return
    // Cleared before it is written: behind a full row the terminal would clear the last character.
    text += `${ESC}[${row + 1};1H${CLEAR_TO_END_OF_LINE}${line}`
  })
  return text
}

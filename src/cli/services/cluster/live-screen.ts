const ESC = '\u001b['
const ENTER = `${ESC}?1049h${ESC}?25l`
const LEAVE = `${ESC}?25h${ESC}?1049l`
const CTRL_C = '\u0003'

/** A terminal that is drawn on in place, beside what was there before, until `q` is typed. */
export class LiveScreen {
  readonly whenLeft: Promise<void>
  private left = false
  private readonly wasRaw: boolean
  private readonly onData: (keys: Buffer) => void
  private readonly onExit = () => this.restore()
  private isOpen = true

  constructor() {
    const { stdin, stdout } = process
    let leave: () => void = () => undefined
    this.whenLeft = new Promise((resolve) => {
      leave = resolve
    })
    this.onData = (keys) => {
      const text = keys.toString()
      if (text.includes(CTRL_C)) process.kill(process.pid, 'SIGINT')
      if (!/[qQ]/.test(text)) return
      this.left = true
      leave()
    }
    this.wasRaw = stdin.isRaw === true
    if (stdin.isTTY) {
      stdin.setRawMode(true)
      stdin.on('data', this.onData)
      stdin.resume()
    }
    stdout.write(ENTER)
    // However the process ends, the user's screen comes back.
    process.on('exit', this.onExit)
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

  /** Replaces what is shown. Written at once: nothing flickers. */
  draw(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}${ESC}K\r\n`).join('')
    process.stdout.write(`${ESC}H${text}${ESC}J`)
  }

  close(): void {
    this.restore()
    process.off('exit', this.onExit)
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
}

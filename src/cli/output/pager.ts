import { systemClock } from '../../base/clock.ts'
import { visibleWidth } from './text-width.ts'

export interface PagerOptions {
  readonly rows: number
  readonly columns: number
  /** Shows a text, and resolves when whoever reads it has seen enough. */
  readonly run: (text: string) => Promise<void>
}

/** Shows what is taller than the terminal page by page, once the command that writes it has ended. */
export class Pager {
  private readonly options: PagerOptions
  private readonly parts: string[] = []
  /** How long somebody read. */
  shownMs = 0

  constructor(options: PagerOptions) {
    this.options = options
  }

  /** True when the text is to be shown later: when it is too tall, or comes behind such a text. */
  takes(text: string): boolean {
    if (this.parts.length === 0 && !this.isTall(text)) return false
    this.parts.push(text)
    return true
  }

  async show(): Promise<void> {
    const text = this.parts.splice(0).join('')
    if (text === '') return
    const startMs = systemClock.monotonicMs()
    await this.options.run(text)
    this.shownMs += systemClock.monotonicMs() - startMs
  }

  /** The prompt needs a row, too. */
  private isTall(text: string): boolean {
    const { rows, columns } = this.options
    if (text.length < rows) return false
    let used = 0
    for (const line of text.split('\n')) {
      used += Math.max(1, Math.ceil(visibleWidth(line) / columns))
      if (used > rows) return true
    }
    return false
  }
}

type Env = Readonly<Record<string, string | undefined>>

/** `KCLI_PAGER`, else `PAGER`, else less where there is one. Undefined where nothing is to be paged. */
export function pagerCommand(env: Env, platform: string): string | undefined {
  const named = env.KCLI_PAGER ?? env.PAGER
  if (named !== undefined) return named.trim() === '' || named.trim() === 'cat' ? undefined : named
  return platform === 'win32' ? undefined : 'command -v less >/dev/null && exec less || exec cat'
}

/** Colours as they are, no page where it fits, nothing cleared, long lines cut rather than wrapped: as psql's users have it. */
const LESS = '-SRXF'

/** For this process's terminal. */
export function terminalPager(command: string): Pager {
  const { columns, rows } = process.stdout
  return new Pager({
    rows: rows || 24,
    columns: columns || 80,
    run: async (text) => {
      const { pageText } = await import('../../base/pager-process.ts')
      await pageText(command, text, { ...process.env, LESS: process.env.LESS ?? LESS })
    },
  })
}

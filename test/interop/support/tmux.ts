import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { expect } from 'vitest'
import { runner } from '../../support/cli.ts'

/** What a person does at a terminal: tmux draws the screen, types and tells what is there. */
export class Tmux {
  /** A home of its own for what is started: no profile, history or cluster of the user's. */
  readonly home = mkdtempSync(path.join(os.tmpdir(), 'kcli-tmux-'))
  private sessions = 0

  constructor() {
    // Else the server goes with its last session, and who comes at that moment finds nobody.
    this.tmux('start-server', ';', 'set-option', '-g', 'exit-empty', 'off')
  }

  /** Starts kcli with these arguments. The data directory is fresh unless `env` names one. */
  kcli(args: readonly string[], options: TerminalOptions = {}): TmuxTerminal {
    const words = [process.execPath, runner, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`)
    return this.run(words.join(' '), options)
  }

  /** Starts a command of the shell. */
  run(command: string, { env = {}, columns = 80, rows = 24 }: TerminalOptions = {}): TmuxTerminal {
    const name = `kcli-${++this.sessions}`
    const surroundings = {
      HOME: this.home,
      XDG_STATE_HOME: path.join(this.home, 'state'),
      XDG_CONFIG_HOME: path.join(this.home, 'config'),
      XDG_CACHE_HOME: path.join(this.home, 'cache'),
      KCLI_DATA_DIR: path.join(this.home, `data-${name}`),
      // What is looked at is on the screen as it was written, unless a test is about pages.
      KCLI_PAGER: 'cat',
      ...env,
    }
    const values = Object.entries(surroundings).map(([key, value]) => `${key}='${value}'`)
    const line = `env -u CI ${values.join(' ')} ${command}`
    this.tmux('new-session', '-d', '-s', name, '-x', `${columns}`, '-y', `${rows}`, line)
    return new TmuxTerminal(name, (...args) => this.tmux(...args))
  }

  /** Ends all that was started and removes its files. */
  close(): void {
    this.tmux('kill-server')
    rmSync(this.home, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }

  /** A server of its own, so that nobody's sessions are touched. */
  private tmux(...args: string[]): string {
    const socket = path.join(this.home, 'tmux')
    return spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' }).stdout
  }
}

export interface TerminalOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly columns?: number
  readonly rows?: number
}

export class TmuxTerminal {
  private readonly name: string
  private readonly tmux: (...args: string[]) => string

  constructor(name: string, tmux: (...args: string[]) => string) {
    this.name = name
    this.tmux = tmux
  }

  /** The lines on the screen, as text; with `colors` as a terminal gets them. */
  screen(options: { readonly colors?: boolean } = {}): string {
    return this.tmux(
      'capture-pane',
      '-p',
      ...(options.colors === true ? ['-e'] : []),
      '-t',
      this.name,
    ).trimEnd()
  }

  /** Keys by their names (`Enter`, `C-c`), anything else as it stands. */
  type(...keys: readonly string[]): void {
    for (const key of keys) {
      const isKey =
        /^(C-.|M-.|Enter|Tab|BTab|Escape|Space|BSpace|Left|Right|Up|Down|Home|End|PageUp|PageDown|F\d+)$/
      this.tmux('send-keys', ...(isKey.test(key) ? [] : ['-l']), '-t', this.name, key)
    }
  }

  /** Waits until the screen has it. */
  async shows(text: string | RegExp): Promise<void> {
    await expect.poll(() => this.screen(), { timeout: 15_000, interval: 50 }).toMatch(text)
  }

  /** Waits until what was started is gone. */
  async ends(): Promise<void> {
    const sessions = () => this.tmux('list-sessions', '-F', '#{session_name}').split('\n')
    await expect.poll(sessions, { timeout: 15_000 }).not.toContain(this.name)
  }

  resize(columns: number, rows: number): void {
    this.tmux('resize-window', '-t', this.name, '-x', `${columns}`, '-y', `${rows}`)
  }

  kill(): void {
    this.tmux('kill-session', '-t', this.name)
  }
}

import { createInterface, type Interface } from 'node:readline'
import { standardInput, standardOutputStream } from '../../base/standard-streams.ts'
import { splitLine } from './arguments.ts'
import { completeZkLine } from './completion.ts'
import { isContinuable } from './errors.ts'
import { readHistory, writeHistory } from './history.ts'
import type { ZkBrowser } from './session.ts'

export interface ZkShellOptions {
  readonly browser: ZkBrowser
  readonly isTerminal: boolean
  /** Undefined: nothing is kept. */
  readonly historyFile: string | undefined
  readonly report: (error: unknown) => void
}

/**
 * zkCli's prompt: a command a line, errors that end nothing, events shown above what is being typed. Without a terminal the
 * lines are a script: it ends at the first command that fails, with its exit code.
 */
export async function runZkShell({
  browser,
  isTerminal,
  historyFile,
  report,
}: ZkShellOptions): Promise<number> {
  const lines = createInterface({
    input: standardInput(),
    ...(isTerminal && { output: standardOutputStream(), terminal: true }),
    historySize: 1000,
    history: isTerminal && historyFile !== undefined ? readHistory(historyFile) : [],
    removeHistoryDuplicates: true,
    completer: (line: string, done: (error: Error | null, found: [string[], string]) => void) => {
      completeZkLine(browser, line).then(
        (found) => done(null, found),
        () => done(null, [[], line]),
      )
    },
  })
  const shell = new Shell(browser, lines, isTerminal)
  try {
    return await shell.run(report)
  } finally {
    if (isTerminal && historyFile !== undefined) writeHistory(historyFile, browser.history)
    lines.close()
    await browser.disconnect()
  }
}

class Shell {
  private readonly browser: ZkBrowser
  private readonly lines: Interface
  private readonly isTerminal: boolean
  private hasQuit = false
  private isBusy = false

  constructor(browser: ZkBrowser, lines: Interface, isTerminal: boolean) {
    this.browser = browser
    this.lines = lines
    this.isTerminal = isTerminal
    browser.onQuit = () => {
      this.hasQuit = true
      lines.close()
    }
    browser.onState = () => this.showPrompt()
    if (isTerminal) browser.onEvent = (text) => this.showAbove(text)
  }

  async run(report: (error: unknown) => void): Promise<number> {
    // Ctrl-C gives up the line, as in every shell; Ctrl-D leaves.
    this.lines.on('SIGINT', () => {
      standardOutputStream().write('^C\n')
      this.lines.write(null, { ctrl: true, name: 'e' })
      this.lines.write(null, { ctrl: true, name: 'u' })
      this.showPrompt()
    })
    if (this.isTerminal) {
      await this.browser.client().catch(report)
      this.showPrompt()
    }
    for await (const line of this.lines) {
      const code = await this.runLine(line, report)
      if (this.hasQuit) return 0
      if (code !== 0 && !this.isTerminal) return code
      this.showPrompt()
    }
    if (this.isTerminal && !this.hasQuit) standardOutputStream().write('\n')
    return 0
  }

  private async runLine(line: string, report: (error: unknown) => void): Promise<number> {
    const argv = splitLine(line)
    if (argv.length === 0 || line.startsWith('#')) return 0
    this.browser.history.push(line)
    this.isBusy = true
    try {
      return await this.browser.run(argv)
    } catch (error) {
      if (!isContinuable(error)) throw error
      report(error)
      return 1
    } finally {
      this.isBusy = false
    }
  }

  private showPrompt(): void {
    if (!this.isTerminal || this.hasQuit || this.isBusy) return
    const { placeName, state, history } = this.browser
    this.lines.setPrompt(`[zk: ${placeName}(${state}) ${history.length}] `)
    this.lines.prompt(true)
  }

  private showAbove(text: string): void {
    if (this.isBusy) {
      this.browser.out(text)
      return
    }
    standardOutputStream().write(`\r\u001b[K${text}`)
    this.showPrompt()
  }
}

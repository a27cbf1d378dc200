import { homedir } from 'node:os'
import path from 'node:path'
import { standardInput, standardOutputStream } from '../../base/standard-streams.ts'
import type { GlobalFlags } from '../base-command.ts'
import { commandOf } from '../completion/command-facts.ts'
import { knownConfigs } from '../completion/config-facts.ts'
import { typedWords } from '../completion/quoting.ts'
import { EXIT } from '../exit-codes.ts'
import { chooseTarget, defaultDataDir } from '../target.ts'
import { detectTerminal, processSurroundings } from '../terminal.ts'
import { Catalog } from './catalog.ts'
import type { CommandSet } from './command-set.ts'
import { complete, type ShellCompletionSource } from './completion.ts'
import { History } from './history.ts'
import { type Hint, LineEditor } from './line-editor.ts'
import { parse } from './parse.ts'
import { durationText } from './repeat.ts'
import { Session } from './session.ts'
import { pathText } from './tree.ts'

export interface InteractiveOptions {
  readonly flags: GlobalFlags
  readonly commands: CommandSet
}

/** The prompt: reads a command, runs it, and so on until `exit` or Ctrl-D. Gives the exit code of the last command. */
export async function runInteractive({ flags, commands }: InteractiveOptions): Promise<number> {
  const terminal = detectTerminal(processSurroundings(), { color: flags.color !== false })
  const history = new History(historyFile())
  const session: Session = new Session({
    flags,
    commands,
    isInteractive: true,
    typedInput: (signal) => typedInput(editor, signal),
    history: () => history.lines,
  })
  const catalog = new Catalog(session)
  const source: ShellCompletionSource = {
    commands,
    get directory() {
      return session.directory
    },
    names: (place) => catalog.names(place),
    configs: knownConfigs,
    profiles: async () => [],
  }
  const editor = new LineEditor({
    input: standardInput(),
    output: standardOutputStream(),
    history,
    complete: (text, cursor) => complete(source, text, cursor),
    hint: (text) => hintFor(text, history, commands),
    color: terminal.color,
  })
  const shell = new Shell(session, editor, history, catalog, terminal.color)
  const onSignal = () => {
    session.hasQuit = true
    editor.cancel()
  }
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onSignal)
  try {
    return await shell.run()
  } finally {
    process.off('SIGTERM', onSignal)
    process.off('SIGHUP', onSignal)
    await session.close()
  }
}

class Shell {
  private readonly session: Session
  private readonly editor: LineEditor
  private readonly history: History
  private readonly catalog: Catalog
  private readonly color: boolean

  constructor(session: Session, editor: LineEditor, history: History, catalog: Catalog, color: boolean) {
    this.session = session
    this.editor = editor
    this.history = history
    this.catalog = catalog
    this.color = color
  }

  async run(): Promise<number> {
    const { session } = this
    process.stdout.write('Type help for what there is, Tab to complete, Ctrl-D to leave.\n')
    while (!session.hasQuit) {
      const text = await this.readCommand()
      if (text === undefined) break
      if (text.trim() === '') continue
      this.history.add(text.trimEnd())
      const startMs = session.clock.monotonicMs()
      await session.runText(text)
      this.catalog.forget()
      if (session.settings.get('timing') === 'on')
        process.stderr.write(`${durationText(session.clock.monotonicMs() - startMs)}\n`)
    }
    return session.lastExitCode
  }

  /** All lines of it. Undefined at the end. */
  private async readCommand(): Promise<string | undefined> {
    let text = ''
    for (;;) {
      const typed = await this.editor.read(text === '' ? this.prompt() : this.dim('… '))
      if (typed.kind === 'end') return text === '' ? undefined : text
      if (typed.kind === 'interrupt') {
        if (text === '' && typed.text === '') process.stdout.write(this.dim('Ctrl-D or exit leaves.\n'))
        return ''
      }
      text = text === '' ? typed.text : `${text}\n${typed.text}`
      if (parse(text).kind !== 'incomplete') return text
    }
  }

  /** Where commands go, whether that is open, where we are, and whether the last one failed. */
  private prompt(): string {
    const { session } = this
    const isFine = [EXIT.done, EXIT.interrupted].some((code) => code === session.lastExitCode)
    const mark = isFine ? '>' : this.paint(31, '!')
    const state = session.target.current === undefined ? '' : '*'
    return `${this.paint(36, placeName(session.flags))}${state} ${pathText(session.directory)} ${mark} `
  }

  private paint(code: number, text: string): string {
    return this.color ? `\u001b[${code}m${text}\u001b[39m` : text
  }

  private dim(text: string): string {
    return this.color ? `\u001b[2m${text}\u001b[22m` : text
  }
}

/** `local`, the folder's name, or the first address. */
function placeName(flags: GlobalFlags): string {
  const choice = chooseTarget(flags, process.env)
  if (choice.kind === 'remote') return choice.addresses.split(',')[0] ?? ''
  return choice.dataDir === defaultDataDir(process.env, process.platform)
    ? 'local'
    : path.basename(choice.dataDir)
}

/** What a command reads when it reads what is typed: lines, until Ctrl-D. */
async function* typedInput(editor: LineEditor, signal: AbortSignal): AsyncGenerator<Buffer> {
  const stop = () => editor.cancel()
  signal.addEventListener('abort', stop)
  try {
    while (!signal.aborted) {
      const typed = await editor.read('', { withHistory: false })
      if (typed.kind === 'line') yield Buffer.from(`${typed.text}\n`)
      else {
        // The key came instead of the signal, for the terminal was in raw mode.
        if (typed.kind === 'interrupt') process.kill(process.pid, 'SIGINT')
        return
      }
    }
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** The newest line that begins like this, else what the command still wants. */
function hintFor(text: string, history: History, commands: CommandSet): Hint | undefined {
  if (text.trim() === '' || text.includes('\n')) return undefined
  const at = history.findBack(
    history.lines.length,
    (line) => line.startsWith(text) && line.length > text.length,
  )
  const line = history.lines[at]
  if (line !== undefined && !line.includes('\n')) return { text: line.slice(text.length), isAcceptable: true }
  const typed = typedWords(text)
  if (typed === undefined || !text.endsWith(' ')) return undefined
  const words = typed.words.slice(0, -1)
  const command = commandOf(commands, words)
  if (command === undefined || command.length !== words.length) return undefined
  const facts = commands.facts.get(command.id)
  const usage = facts?.usage?.replace(' [FLAGS]', '')
  return usage === undefined || usage === '[FLAGS]' ? undefined : { text: usage, isAcceptable: false }
}

function historyFile(): string {
  const state = process.env.XDG_STATE_HOME || path.join(process.env.HOME || homedir(), '.local', 'state')
  return process.env.KCLI_HISTORY_FILE || path.join(state, 'kcli', 'history')
}

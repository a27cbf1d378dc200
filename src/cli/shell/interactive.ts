import { sleep } from '../../base/clock.ts'
import { readTextFile, standardInput, standardOutputStream } from '../../base/standard-streams.ts'
import type { GlobalFlags } from '../base-command.ts'
import { commandOf } from '../completion/command-facts.ts'
import { knownConfigs } from '../completion/config-facts.ts'
import { profileNames } from '../completion/profile-names.ts'
import { typedWords } from '../completion/quoting.ts'
import { EXIT } from '../exit-codes.ts'
import { chooseTarget } from '../target.ts'
import { detectTerminal, processSurroundings } from '../terminal.ts'
import { Catalog } from './catalog.ts'
import type { CommandSet } from './command-set.ts'
import { complete, type ShellCompletionSource } from './completion.ts'
import { History } from './history.ts'
import { type Hint, LineEditor } from './line-editor.ts'
import { parse } from './parse.ts'
import { historyFile, settingsFile, startFile } from './places.ts'
import { type Paint, painter, placeName, promptText } from './prompt.ts'
import { recalledLine } from './recall.ts'
import { durationText } from './repeat.ts'
import { Session } from './session.ts'
import { readSettings, settingOf, writeSettings } from './settings.ts'

export interface InteractiveOptions {
  readonly flags: GlobalFlags
  readonly commands: CommandSet
}

/** The prompt: reads a command, runs it, and so on until `exit` or Ctrl-D. Gives the exit code of the last command. */
export async function runInteractive({ flags, commands }: InteractiveOptions): Promise<number> {
  const { env, platform } = process
  const { color } = detectTerminal(processSurroundings(), { color: flags.color !== false })
  const target = JSON.stringify(chooseTarget(flags, env))
  const history = new History(historyFile(env, { name: placeName(flags), target }))
  const settings = settingsFile(env, platform)
  const session: Session = new Session({
    flags,
    commands,
    isInteractive: true,
    typedInput: (signal) => typedInput(editor, signal),
    history: () => history.lines,
    settings: readSettings(settings),
    saveSettings: (values) => writeSettings(settings, values),
  })
  const catalog = new Catalog(session)
  const source: ShellCompletionSource = {
    commands,
    get directory() {
      return session.directory
    },
    names: (place) => catalog.names(place),
    configs: knownConfigs,
    profiles: profileNames,
  }
  const editor = new LineEditor({
    input: standardInput(),
    output: standardOutputStream(),
    history,
    complete: (text, cursor) => complete(source, text, cursor),
    hint: (text) =>
      settingOf(session.settings, 'hints') === 'on' ? hintFor(text, history, commands) : undefined,
    color,
  })
  const shell = new Shell(session, editor, history, catalog, painter(color))
  const onSignal = () => {
    session.hasQuit = true
    editor.cancel()
  }
  // Commands have their own way of ending; between them Ctrl-C must not end the shell either.
  const stay = () => undefined
  process.on('SIGINT', stay)
  process.on('SIGTERM', onSignal)
  process.on('SIGHUP', onSignal)
  try {
    await runStartFile(session, startFile(env))
    return await shell.run()
  } finally {
    process.off('SIGINT', stay)
    process.off('SIGTERM', onSignal)
    process.off('SIGHUP', onSignal)
    await session.close()
  }
}

/** What fails there is told and ends nothing. */
async function runStartFile(session: Session, file: string): Promise<void> {
  let text: string
  try {
    text = readTextFile(file)
  } catch {
    return
  }
  // What holds for this session only because of the file is not for those that do without it.
  const code = await session.runText(text, { keepsSettings: false })
  if (code !== EXIT.done) process.stderr.write(`kcli: that was in ${file}\n`)
  session.lastExitCode = EXIT.done
}

/** How often a target that did not answer is asked whether it is there again. */
const PROBE_MS = 1000

class Shell {
  private readonly session: Session
  private readonly editor: LineEditor
  private readonly history: History
  private readonly catalog: Catalog
  private readonly paint: Paint
  private isProbing = false

  constructor(session: Session, editor: LineEditor, history: History, catalog: Catalog, paint: Paint) {
    this.session = session
    this.editor = editor
    this.history = history
    this.catalog = catalog
    this.paint = paint
  }

  async run(): Promise<number> {
    const { session } = this
    process.stdout.write('Type help for what there is, Tab to complete, Ctrl-D to leave.\n')
    while (!session.hasQuit) {
      const text = await this.readCommand()
      if (text === undefined) break
      if (text.trim() !== '') await this.runTyped(text)
    }
    return session.lastExitCode
  }

  private async runTyped(typed: string): Promise<void> {
    const { session } = this
    const text = await this.rewritten(typed)
    if (text === undefined) return
    this.history.add(text.trimEnd())
    const { commandCount, readMs } = session
    const startMs = session.clock.monotonicMs()
    await session.runText(text)
    this.catalog.forget()
    const tookMs = session.clock.monotonicMs() - startMs - (session.readMs - readMs)
    const isTimed = /^\s*time\s/.test(text) || session.commandCount === commandCount
    if (settingOf(session.settings, 'timing') === 'on' && !isTimed)
      process.stderr.write(`${this.paint('dim', durationText(tookMs))}\n`)
  }

  /** A line of the history in place of `!3`, what comes out of the editor in place of `edit`. */
  private async rewritten(typed: string): Promise<string | undefined> {
    const { lines } = this.history
    try {
      const recalled = recalledLine(typed, lines)
      if (recalled !== undefined) process.stdout.write(`${this.paint('dim', recalled)}\n`)
      if (recalled !== undefined || !/^\s*(edit|\\e)\s*$/.test(typed)) return recalled ?? typed
      const { editText } = await import('../../base/edited-text.ts')
      const editor = process.env.VISUAL || process.env.EDITOR || 'vi'
      const edited = (await editText(editor, `${lines.at(-1) ?? ''}\n`, '.kcli')).trim()
      if (edited !== '') process.stdout.write(`${this.paint('dim', edited)}\n`)
      return edited === '' ? undefined : edited
    } catch (error) {
      this.session.fail(error)
      return undefined
    }
  }

  /** All lines of it. Undefined at the end. */
  private async readCommand(): Promise<string | undefined> {
    let text = ''
    this.probe()
    for (;;) {
      const prompt = text === '' ? promptText(this.session, this.paint) : this.paint('dim', '… ')
      const typed = await this.editor.read(prompt, { goesOn: text !== '' })
      if (typed.kind === 'end') return text === '' ? undefined : text
      if (typed.kind === 'interrupt') {
        if (text === '' && typed.text === '')
          process.stdout.write(`${this.paint('dim', 'Ctrl-D or exit leaves.')}\n`)
        return ''
      }
      text = text === '' ? typed.text : `${text}\n${typed.text}`
      if (parse(text).kind !== 'incomplete') return text
    }
  }

  /** Whether a lost target is there again; the prompt says so at once. */
  private probe(): void {
    const { target } = this.session
    if (this.isProbing || !target.isLost) return
    this.isProbing = true
    void this.untilFound().finally(() => {
      this.isProbing = false
    })
  }

  private async untilFound(): Promise<void> {
    const { session, editor } = this
    const { target } = session
    while (target.isLost && !session.hasQuit) {
      await sleep(session.clock, PROBE_MS)
      const isThere = await target.current?.admin.describeCluster().then(
        () => true,
        () => false,
      )
      if (isThere !== true || !target.isLost) continue
      target.isLost = false
      editor.updatePrompt(promptText(session, this.paint))
    }
  }
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

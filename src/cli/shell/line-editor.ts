import { emitKeypressEvents } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'
import { placeAfter, stripColors } from '../output/text-width.ts'
import { candidateList, clip, commonStart } from './candidate-list.ts'
import type { Completion } from './completion.ts'
import { type History, isFound } from './history.ts'
import { actionOf, isHistoryKey, type Key, type KeyAction } from './keys.ts'
import { LineBuffer } from './line-buffer.ts'

/** Dim text behind the cursor. What `isAcceptable` is taken over with the right arrow. */
export interface Hint {
  readonly text: string
  readonly isAcceptable: boolean
}

export interface LineEditorOptions {
  readonly input: ReadStream
  readonly output: WriteStream
  readonly history: History
  readonly complete: (text: string, cursor: number) => Promise<Completion>
  readonly hint: (text: string) => Hint | undefined
  readonly color: boolean
}

export type Typed =
  | { readonly kind: 'line'; readonly text: string }
  /** Ctrl-C: the line is given up. */
  | { readonly kind: 'interrupt'; readonly text: string }
  /** Ctrl-D on an empty line, or the terminal is gone. */
  | { readonly kind: 'end' }

interface ReadOptions {
  readonly withHistory?: boolean
  readonly goesOn?: boolean
}

const ESC = '\u001b'
const CLEAR_BELOW = `${ESC}[J`

/**
 * One line from a terminal at a time, with the keys of every shell, history and its search (Ctrl-R), completion and hints.
 * The terminal is in raw mode only while a line is being typed.
 */
export class LineEditor {
  private readonly options: LineEditorOptions
  private readonly buffer = new LineBuffer()
  private prompt = ''
  /** Where the cursor was left, from the first row of what is drawn. */
  private cursorRow = 0
  private historyAt = 0
  private historyPrefix: string | undefined
  private draft = ''
  private search: { query: string; at: number; before: string } | undefined
  private isPasting = false
  private usesHistory = true
  private isFirstLine = true
  private settle: ((typed: Typed) => void) | undefined
  /** Keys that came in one piece with those that ended a line: they belong to the next one. */
  private readonly ahead: { readonly text: string; readonly key: Key }[] = []
  /** Until the piece is over: what comes later is for the command that runs. */
  private takesAhead = false

  constructor(options: LineEditorOptions) {
    this.options = options
    emitKeypressEvents(options.input)
    options.input.on('keypress', (text: string | undefined, key: Key) => {
      if (this.settle !== undefined) this.onKey(text ?? '', key)
      else if (this.takesAhead) this.ahead.push({ text: text ?? '', key })
    })
  }

  /** Without history where the lines are data for a command; `goesOn` where they belong to the one before. */
  read(prompt: string, options: ReadOptions = {}): Promise<Typed> {
    const { input, output, history } = this.options
    this.prompt = prompt
    this.usesHistory = options.withHistory !== false
    this.isFirstLine = this.usesHistory && options.goesOn !== true
    this.buffer.set('')
    this.historyAt = history.lines.length
    this.historyPrefix = undefined
    this.search = undefined
    this.cursorRow = 0
    return new Promise((resolve) => {
      const onResize = () => this.draw()
      const onEnd = () => this.finish({ kind: 'end' })
      this.settle = (typed) => {
        this.settle = undefined
        this.takesAhead = true
        queueMicrotask(() => {
          this.takesAhead = false
        })
        input.off('end', onEnd)
        output.off('resize', onResize)
        output.write(`${ESC}[?2004l`)
        input.setRawMode(false)
        input.pause()
        resolve(typed)
      }
      input.on('end', onEnd)
      output.on('resize', onResize)
      input.setRawMode(true)
      input.resume()
      // With bracketed paste, line ends in what is pasted are text and run nothing.
      output.write(`${ESC}[?2004h`)
      this.draw()
      for (let next = this.ahead.shift(); next !== undefined; next = this.ahead.shift()) {
        this.onKey(next.text, next.key)
        if (this.settle === undefined) break
      }
    })
  }

  /** Writes something above what is being typed. */
  showAbove(text: string): void {
    if (this.settle === undefined) {
      this.options.output.write(text)
      return
    }
    this.erase()
    this.options.output.write(text.endsWith('\n') ? text : `${text}\n`)
    this.cursorRow = 0
    this.draw()
  }

  /** A new prompt for the command that is being typed; lines that go on with one keep theirs, and so does a command's input. */
  updatePrompt(prompt: string): void {
    if (this.settle === undefined || !this.isFirstLine) return
    this.prompt = prompt
    this.draw()
  }

  /** Ends the reading from outside. */
  cancel(): void {
    this.finish({ kind: 'end' })
  }

  private finish(typed: Typed): void {
    if (this.settle === undefined) return
    this.buffer.cursor = this.buffer.text.length
    this.draw({ isFinal: true })
    this.options.output.write(typed.kind === 'interrupt' ? '^C\n' : '\n')
    this.settle(typed)
  }

  private onKey(text: string, key: Key): void {
    if (this.settle === undefined) return
    if (key.name === 'paste-start') this.isPasting = true
    else if (key.name === 'paste-end') this.isPasting = false
    else if (this.isPasting) this.buffer.insert(text.replaceAll(/\r\n?/g, '\n'))
    else if (this.search !== undefined && this.onSearchKey(text, key)) {
      // Done there.
    } else this.onPlainKey(text, key)
    if (this.settle !== undefined) this.draw()
  }

  private onPlainKey(text: string, key: Key): void {
    const action = actionOf(key)
    if (action !== undefined) this.actions[action]()
    else if (!key.ctrl && !key.meta && text !== '' && !isControl(text)) this.buffer.insert(text)
    if (!isHistoryKey(key)) this.historyPrefix = undefined
  }

  /** keys.ts says which key does what. */
  private readonly actions: Readonly<Record<KeyAction, () => void>> = {
    left: () => this.buffer.left(),
    right: () => this.acceptHint() || this.buffer.right(),
    wordLeft: () => this.buffer.wordLeft(),
    wordRight: () => this.buffer.wordRight(),
    lineStart: () => this.buffer.lineStart(),
    lineEnd: () => this.acceptHint() || this.buffer.lineEnd(),
    backspace: () => this.buffer.backspace(),
    delete: () => this.buffer.delete(),
    killToEnd: () => this.buffer.killToEnd(),
    killToStart: () => this.buffer.killToStart(),
    killWordLeft: () => this.buffer.killWordLeft(),
    killWordRight: () => this.buffer.killWordRight(),
    yank: () => this.buffer.yank(),
    transpose: () => this.buffer.transpose(),
    enter: () => this.finish({ kind: 'line', text: this.buffer.text }),
    newline: () => this.buffer.insert('\n'),
    interrupt: () => this.finish({ kind: 'interrupt', text: this.buffer.text }),
    endOrDelete: () => (this.buffer.text === '' ? this.finish({ kind: 'end' }) : this.buffer.delete()),
    endOfData: () => {
      if (!this.usesHistory && this.buffer.text === '') this.finish({ kind: 'end' })
    },
    clearScreen: () => {
      this.options.output.write(`${ESC}[H${ESC}[2J`)
      this.cursorRow = 0
    },
    older: () => this.moveInHistory(-1),
    newer: () => this.moveInHistory(1),
    search: () => {
      if (this.usesHistory)
        this.search = { query: '', at: this.options.history.lines.length, before: this.buffer.text }
    },
    complete: () => void this.completeHere(),
  }

  private acceptHint(): boolean {
    const hint = this.currentHint()
    if (hint === undefined || !hint.isAcceptable) return false
    this.buffer.insert(hint.text)
    return true
  }

  /** Only lines that begin with what was typed before the first step. */
  private moveInHistory(step: 1 | -1): void {
    if (!this.usesHistory) return
    const { history } = this.options
    if (this.historyPrefix === undefined) {
      this.historyPrefix = this.buffer.text.slice(0, this.buffer.cursor)
      this.draft = this.buffer.text
      this.historyAt = history.lines.length
    }
    const prefix = this.historyPrefix
    const isWanted = (line: string) => line.startsWith(prefix) && line !== this.buffer.text
    const found =
      step < 0 ? history.findBack(this.historyAt, isWanted) : history.findForward(this.historyAt, isWanted)
    if (found !== -1) {
      this.historyAt = found
      this.buffer.set(history.lines[found] ?? '')
    } else if (step > 0) {
      this.historyAt = history.lines.length
      this.buffer.set(this.draft)
    }
  }

  /** False when the key ends the search and then means what it always means. */
  private onSearchKey(text: string, key: Key): boolean {
    const { search } = this
    if (search === undefined) return false
    const isAgain = key.ctrl === true && key.name === 'r'
    if (isAgain) this.searchOn(search.at)
    else if (key.name === 'backspace') {
      search.query = search.query.slice(0, -1)
      this.searchOn(this.options.history.lines.length)
    } else if (key.name === 'escape' || (key.ctrl && (key.name === 'g' || key.name === 'c'))) {
      this.buffer.set(search.before)
      this.search = undefined
    } else if (!key.ctrl && !key.meta && text !== '' && !isControl(text)) {
      search.query += text
      this.searchOn(Math.min(search.at + 1, this.options.history.lines.length))
    } else {
      this.search = undefined
      return false
    }
    return true
  }

  private searchOn(from: number): void {
    const { search } = this
    if (search === undefined) return
    const found = this.options.history.findBack(from, (line) => isFound(line, search.query))
    if (found === -1) return
    search.at = found
    this.buffer.set(this.options.history.lines[found] ?? '')
  }

  /** What is typed meanwhile counts: the answer to a question that is no longer asked is dropped. */
  private async completeHere(): Promise<void> {
    if (!this.usesHistory) return
    const { text, cursor } = this.buffer
    const { from, candidates } = await this.options.complete(text, cursor)
    if (this.settle === undefined || this.buffer.text !== text || this.buffer.cursor !== cursor) return
    const [only] = candidates
    if (only === undefined) {
      this.options.output.write('\u0007')
      return
    }
    const common = commonStart(candidates.map((candidate) => candidate.text))
    if (candidates.length === 1)
      this.buffer.replaceBack(from, `${only.text}${only.isOpen === true ? '' : ' '}`)
    else if (common.length > cursor - from) this.buffer.replaceBack(from, common)
    else this.showAbove(candidateList(candidates, this.columns, (text) => this.dim(text)))
    this.draw()
  }

  private currentHint(): Hint | undefined {
    if (!this.usesHistory || this.search !== undefined || !this.buffer.isAtEnd) return undefined
    return this.options.hint(this.buffer.text)
  }

  private get columns(): number {
    return this.options.output.columns || 80
  }

  private erase(): void {
    const up = this.cursorRow > 0 ? `${ESC}[${this.cursorRow}A` : ''
    this.options.output.write(`${up}\r${CLEAR_BELOW}`)
  }

  private draw({ isFinal = false }: { isFinal?: boolean } = {}): void {
    const { output } = this.options
    const { columns } = this
    const prompt = this.search === undefined || isFinal ? this.prompt : `(search) '${this.search.query}': `
    const plain = stripColors(prompt)
    const hint = isFinal ? undefined : this.currentHint()?.text
    const hintText =
      hint === undefined
        ? ''
        : clip(hint, hint, Math.max(0, columns - 1 - placeAfter(plain + this.buffer.text, columns).column))
    const whole = placeAfter(plain + this.buffer.text + hintText, columns)
    const cursor = placeAfter(plain + this.buffer.text.slice(0, this.buffer.cursor), columns)
    this.erase()
    const wrapped = whole.column === 0 && whole.row > 0 && !this.buffer.text.endsWith('\n') ? ' \r' : ''
    const up = whole.row > cursor.row ? `${ESC}[${whole.row - cursor.row}A` : ''
    const across = cursor.column > 0 ? `${ESC}[${cursor.column}C` : ''
    output.write(
      `${prompt}${this.buffer.text.replaceAll('\n', '\r\n')}${this.dim(hintText)}${wrapped}${up}\r${across}`,
    )
    this.cursorRow = cursor.row
  }

  private dim(text: string): string {
    return this.options.color && text !== '' ? `${ESC}[2m${text}${ESC}[22m` : text
  }
}

function isControl(text: string): boolean {
  return /\p{Cc}/u.test(text)
}

/** Where a statement reads from in place of the terminal. */
export type StatementInput =
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'text'; readonly text: string }

/** One command line, taken apart. */
export interface Statement {
  readonly words: readonly string[]
  /** Runs only when the one before succeeded (`&&`). */
  readonly onSuccess: boolean
  readonly input?: StatementInput
  readonly output?: { readonly path: string; readonly append: boolean }
  /** A command line for the system's shell that gets the output. */
  readonly pipe?: string
}

export type Parsed =
  | { readonly kind: 'statements'; readonly statements: readonly Statement[] }
  /** More lines have to come: a quote or a here-document is open, or the line ends with a backslash. */
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'wrong'; readonly message: string }

/**
 * The shell's grammar, which is the part of sh's that one expects: words with quotes and backslashes, `;`, `&&`, `| command`,
 * `> file`, `>> file`, `< file`, `<<WORD` with the lines up to WORD, and `#` for a comment. Nothing is expanded. A word that
 * begins like a JSON object or array goes on to its end, over blanks, quotes and lines. psql's `\x` is a word of its own
 * where a command begins.
 */
export function parse(text: string): Parsed {
  return new Parser(text).parse()
}

type Draft = { -readonly [K in keyof Statement]: Statement[K] }

/** Of an object or an array; nothing else begins like this that one would type. */
const JSON_START = /^(?:\{\s*(?:["}]|$)|\[\s*(?:["{[]|$))/

class Wrong extends Error {}
class Incomplete extends Error {}

class Parser {
  private readonly text: string
  private at = 0
  private readonly statements: Statement[] = []
  private current: Draft = { words: [], onSuccess: false }
  /** Here-documents whose lines begin after the end of this line. */
  private readonly pending: { readonly draft: Draft; readonly word: string }[] = []

  constructor(text: string) {
    this.text = text
  }

  parse(): Parsed {
    try {
      while (this.at < this.text.length) this.step()
      this.takeHereDocuments()
      this.end(false)
      return { kind: 'statements', statements: this.statements }
    } catch (error) {
      if (error instanceof Incomplete) return { kind: 'incomplete' }
      if (error instanceof Wrong) return { kind: 'wrong', message: error.message }
      throw error
    }
  }

  private step(): void {
    const rest = this.text.slice(this.at, this.at + 2)
    const char = rest[0] ?? ''
    if (char === '\n') {
      this.at++
      this.takeHereDocuments()
      this.end(false)
    } else if (/\s/.test(char)) this.at++
    else if (rest === '\\\n') this.at += 2
    else if (char === '#') this.skipLine()
    else if (char === ';') this.skip(1, () => this.end(false))
    else if (rest === '&&') this.skip(2, () => this.endWithMore())
    else if (char === '|') this.skip(1, () => this.takePipe())
    else if (rest === '>>') this.skip(2, () => this.takeOutput(true))
    else if (char === '>') this.skip(1, () => this.takeOutput(false))
    else if (rest === '<<') this.skip(2, () => this.takeHereDocumentWord())
    else if (char === '<') this.skip(1, () => this.setInput({ kind: 'file', path: this.neededWord('<') }))
    else this.current.words = [...this.current.words, this.backslashWord() ?? this.word()]
  }

  private skip(length: number, then: () => void): void {
    this.at += length
    then()
  }

  private skipLine(): void {
    while (this.at < this.text.length && this.text[this.at] !== '\n') this.at++
  }

  private end(onSuccess: boolean): void {
    const { words, input, output, pipe } = this.current
    if (words.length > 0) this.statements.push(this.current)
    else if (input !== undefined || output !== undefined || pipe !== undefined)
      throw new Wrong('there is no command before the redirection')
    this.current = { words: [], onSuccess }
  }

  private endWithMore(): void {
    if (this.current.words.length === 0) throw new Wrong('there is no command before &&')
    this.end(true)
    if (this.text.slice(this.at).trim() === '') throw new Incomplete()
  }

  private setInput(input: StatementInput): void {
    if (this.current.input !== undefined) throw new Wrong('the input is redirected twice')
    this.current.input = input
  }

  private takeOutput(append: boolean): void {
    if (this.current.output !== undefined || this.current.pipe !== undefined)
      throw new Wrong('the output is redirected twice')
    this.current.output = { path: this.neededWord('>'), append }
  }

  /** Up to the next `;` or the end of the line that is not inside quotes. */
  private takePipe(): void {
    if (this.current.output !== undefined) throw new Wrong('the output is redirected twice')
    const start = this.at
    let quote = ''
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at] ?? ''
      if (char === '\\' && quote !== "'") this.at++
      else if (quote !== '') quote = char === quote ? '' : quote
      else if (char === "'" || char === '"') quote = char
      else if (char === ';' || char === '\n') break
    }
    if (quote !== '') throw new Incomplete()
    const command = this.text.slice(start, this.at).trim()
    if (command === '') throw new Incomplete()
    this.current.pipe = command
  }

  private takeHereDocumentWord(): void {
    const word = this.neededWord('<<')
    this.setInput({ kind: 'text', text: '' })
    this.pending.push({ draft: this.current, word })
  }

  private takeHereDocuments(): void {
    for (const { draft, word } of this.pending.splice(0)) {
      const lines: string[] = []
      for (;;) {
        if (this.at >= this.text.length) throw new Incomplete()
        const end = this.text.indexOf('\n', this.at)
        const line = this.text.slice(this.at, end === -1 ? undefined : end)
        this.at = end === -1 ? this.text.length : end + 1
        if (line === word) break
        lines.push(`${line}\n`)
      }
      draft.input = { kind: 'text', text: lines.join('') }
    }
  }

  private neededWord(operator: string): string {
    while (this.text[this.at] === ' ' || this.text[this.at] === '\t') this.at++
    if (this.at >= this.text.length || /[\n;|&<>]/.test(this.text[this.at] ?? ''))
      throw new Wrong(`a name has to follow ${operator}`)
    return this.word()
  }

  private backslashWord(): string | undefined {
    const [word] = /^\\(?:[a-z]+|\?)(?=[\s;|]|$)/.exec(this.text.slice(this.at)) ?? []
    if (word === undefined || this.current.words.length > 0) return undefined
    this.at += word.length
    return word
  }

  private word(): string {
    let word = JSON_START.test(this.text.slice(this.at)) ? this.json() : ''
    while (this.at < this.text.length) {
      const char = this.text[this.at] ?? ''
      if (/[\s;|<>]/.test(char) || (char === '&' && this.text[this.at + 1] === '&')) break
      this.at++
      if (char === '\\') word += this.escaped()
      else if (char === "'") word += this.quoted()
      else if (char === '"') word += this.doubleQuoted()
      else word += char
    }
    return word
  }

  /** Up to the bracket that closes the first one. */
  private json(): string {
    const start = this.at
    let depth = 0
    let isQuoted = false
    for (; this.at < this.text.length; this.at++) {
      const char = this.text[this.at] ?? ''
      if (isQuoted && char === '\\') this.at++
      else if (char === '"') isQuoted = !isQuoted
      else if (!isQuoted && /[[{]/.test(char)) depth++
      else if (!isQuoted && /[\]}]/.test(char) && --depth === 0) {
        this.at++
        return this.text.slice(start, this.at)
      }
    }
    throw new Incomplete()
  }

  /** A backslash at the end of a line joins the next one to it. */
  private escaped(): string {
    if (this.at >= this.text.length) throw new Incomplete()
    const char = this.text[this.at++] ?? ''
    return char === '\n' ? '' : char
  }

  private quoted(): string {
    const end = this.text.indexOf("'", this.at)
    if (end === -1) throw new Incomplete()
    const inside = this.text.slice(this.at, end)
    this.at = end + 1
    return inside
  }

  private doubleQuoted(): string {
    let inside = ''
    for (;;) {
      const char = this.text[this.at++]
      if (char === undefined) throw new Incomplete()
      if (char === '"') return inside
      if (char !== '\\') inside += char
      else {
        const next = this.escaped()
        inside += next === '' || next === '"' || next === '\\' ? next : `\\${next}`
      }
    }
  }
}

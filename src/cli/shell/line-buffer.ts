/** A text with a cursor, and what the usual keys do to it (Emacs' names, as in every shell). */
export class LineBuffer {
  text = ''
  /** In UTF-16 units; never inside a character. */
  cursor = 0
  private killed = ''

  set(text: string, cursor: number = text.length): void {
    this.text = text
    this.cursor = cursor
  }

  get isAtEnd(): boolean {
    return this.cursor === this.text.length
  }

  insert(text: string): void {
    this.text = this.text.slice(0, this.cursor) + text + this.text.slice(this.cursor)
    this.cursor += text.length
  }

  /** Puts `text` in place of what lies between `from` and the cursor. */
  replaceBack(from: number, text: string): void {
    this.text = this.text.slice(0, from) + text + this.text.slice(this.cursor)
    this.cursor = from + text.length
  }

  left(): void {
    this.cursor = this.before(this.cursor)
  }

  right(): void {
    this.cursor = this.after(this.cursor)
  }

  wordLeft(): void {
    this.cursor = this.wordStart()
  }

  wordRight(): void {
    const match = /^[^\p{L}\p{N}]*[\p{L}\p{N}]*/u.exec(this.text.slice(this.cursor))
    this.cursor += match?.[0].length ?? 0
  }

  /** Of the line that the cursor is in. */
  lineStart(): void {
    this.cursor = this.text.lastIndexOf('\n', this.cursor - 1) + 1
  }

  lineEnd(): void {
    const end = this.text.indexOf('\n', this.cursor)
    this.cursor = end === -1 ? this.text.length : end
  }

  backspace(): void {
    this.cut(this.before(this.cursor), this.cursor)
  }

  delete(): void {
    this.cut(this.cursor, this.after(this.cursor))
  }

  killToEnd(): void {
    const from = this.cursor
    this.lineEnd()
    this.kill(from, this.cursor)
  }

  killToStart(): void {
    const to = this.cursor
    this.lineStart()
    this.kill(this.cursor, to)
  }

  killWordLeft(): void {
    const match = /\S*\s*$/.exec(this.text.slice(0, this.cursor))
    this.kill(this.cursor - (match?.[0].length ?? 0), this.cursor)
  }

  killWordRight(): void {
    const from = this.cursor
    this.wordRight()
    this.kill(from, this.cursor)
  }

  yank(): void {
    this.insert(this.killed)
  }

  transpose(): void {
    const middle = this.isAtEnd ? this.before(this.cursor) : this.cursor
    const from = this.before(middle)
    const to = this.after(middle)
    if (from === middle) return
    this.text =
      this.text.slice(0, from) +
      this.text.slice(middle, to) +
      this.text.slice(from, middle) +
      this.text.slice(to)
    this.cursor = to
  }

  private wordStart(): number {
    const match = /[\p{L}\p{N}]*[^\p{L}\p{N}]*$/u.exec(this.text.slice(0, this.cursor))
    return this.cursor - (match?.[0].length ?? 0)
  }

  private kill(from: number, to: number): void {
    if (from === to) return
    this.killed = this.text.slice(from, to)
    this.cut(from, to)
  }

  private cut(from: number, to: number): void {
    this.text = this.text.slice(0, from) + this.text.slice(to)
    this.cursor = from
  }

  private before(at: number): number {
    return at - ([...this.text.slice(Math.max(0, at - 2), at)].at(-1)?.length ?? 0)
  }

  private after(at: number): number {
    return at + ([...this.text.slice(at, at + 2)][0]?.length ?? 0)
  }
}

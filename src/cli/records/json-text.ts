/**
 * A value within a text that is known to be JSON, as it is written there. `JSON.parse` would round long numbers, forget the
 * sign of -0 and move fields whose names are numbers.
 */
export class JsonText {
  private readonly text: string
  private readonly start: number

  constructor(text: string, start = 0) {
    this.text = text
    this.start = skipBlanks(text, start)
  }

  toString(): string {
    return this.text.slice(this.start, valueEnd(this.text, this.start))
  }

  /** The member of an object; the last one when several have the name, as `JSON.parse` has it. */
  member(name: string): JsonText | undefined {
    const { text } = this
    if (text[this.start] !== '{') return undefined
    let found: JsonText | undefined
    for (let at = skipBlanks(text, this.start + 1); text[at] === '"'; ) {
      const nameEnd = valueEnd(text, at)
      const value = new JsonText(text, skipBlanks(text, nameEnd) + 1)
      if (JSON.parse(text.slice(at, nameEnd)) === name) found = value
      at = next(text, value.start)
    }
    return found
  }

  /** Of a list; undefined behind its end. */
  element(index: number): JsonText | undefined {
    const { text } = this
    if (text[this.start] !== '[') return undefined
    let at = skipBlanks(text, this.start + 1)
    for (let i = 0; i < index && at < text.length && text[at] !== ']'; i++) at = next(text, at)
    return at < text.length && text[at] !== ']' ? new JsonText(text, at) : undefined
  }
}

/** Where the next member or element begins, or the bracket that ends them. */
function next(text: string, at: number): number {
  const end = skipBlanks(text, valueEnd(text, at))
  return text[end] === ',' ? skipBlanks(text, end + 1) : end
}

function skipBlanks(text: string, start: number): number {
  let at = start
  while (at < text.length && ' \t\n\r'.includes(text[at] ?? '')) at++
  return at
}

function valueEnd(text: string, start: number): number {
  if (text[start] === '"') return stringEnd(text, start)
  if (text[start] !== '{' && text[start] !== '[') {
    let at = start
    while (at < text.length && !',]} \t\n\r'.includes(text[at] ?? '')) at++
    return at
  }
  let depth = 0
  for (let at = start; at < text.length; at++) {
    const char = text[at]
    if (char === '"') at = stringEnd(text, at) - 1
    else if (char === '{' || char === '[') depth++
    else if ((char === '}' || char === ']') && --depth === 0) return at + 1
  }
  return text.length
}

function stringEnd(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++
    else if (text[at] === '"') return at + 1
  }
  return text.length
}

import { arrangedNames, type OptionSpec } from './option-parser.ts'

const WIDTH = 80
const GAP = 2
const INDENT = '  '

interface Row {
  readonly left: string
  readonly right: string
}

/** The help of joptsimple's BuiltinHelpFormatter: two columns in 80, the left one at most half as wide. */
export function formatHelp(specs: readonly OptionSpec[]): string {
  const sorted = [...specs].sort((a, b) => compare(arrangedNames(a)[0] ?? '', arrangedNames(b)[0] ?? ''))
  const isAnyRequired = specs.some((spec) => spec.isRequired === true)
  const head = isAnyRequired ? 'Option (* = required)' : 'Option'
  const rows: Row[] = [
    { left: head, right: 'Description' },
    { left: '-'.repeat(head.length), right: '-----------' },
    ...sorted.map((spec) => ({ left: optionText(spec), right: descriptionText(spec) })),
  ]
  const before = widths(rows)
  const fitted = rows.flatMap((row) => fitRow(row, before))
  const after = widths(fitted)
  return fitted
    .map(({ left, right }) => `${left.padEnd(after.left)}${' '.repeat(GAP)}${right.padEnd(after.right)}\n`)
    .join('')
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

function optionText(spec: OptionSpec): string {
  const names = arrangedNames(spec).map((name) => (name.length > 1 ? `--${name}` : `-${name}`))
  const text = `${spec.isRequired === true ? '* ' : ''}${names.join(', ')}`
  const { argument } = spec
  if (argument === undefined) return text
  const type = argument.type ?? 'String'
  const inside = argument.describedAs === undefined ? type : `${type}: ${argument.describedAs}`
  return argument.isRequired ? `${text} <${inside}>` : `${text} [${inside}]`
}

function descriptionText({ description, argument }: OptionSpec): string {
  const defaults = argument?.defaults ?? []
  if (defaults.length === 0) return description
  const shown = defaults.length === 1 ? String(defaults[0]) : `[${defaults.join(', ')}]`
  return `${description} (default: ${shown})`.trim()
}

interface Widths {
  readonly left: number
  readonly right: number
}

function widths(rows: readonly Row[]): Widths {
  const widest = (side: 'left' | 'right') => Math.max(0, ...rows.map((row) => row[side].length))
  const left = Math.min((WIDTH - GAP) / 2, widest('left'))
  return { left, right: Math.min(WIDTH - left - GAP, widest('right')) }
}

function fitRow(row: Row, { left, right }: Widths): Row[] {
  const options = pieces(row.left, left)
  const descriptions = pieces(row.right, right)
  return Array.from({ length: Math.max(options.length, descriptions.length) }, (_, i) => ({
    left: options[i] ?? '',
    right: descriptions[i] ?? '',
  }))
}

function pieces(text: string, width: number): string[] {
  return text
    .trim()
    .split('\n')
    .flatMap((line) => wrap(line, width))
}

/** Lines after the first are indented. The space behind a word counts, also at the end of a line. */
function wrap(line: string, width: number): string[] {
  const done: string[] = []
  let piece = ''
  for (const word of lineBreaks(line)) {
    if (piece.length + word.length <= width) piece += word
    else {
      done.push(piece.trimEnd())
      piece = INDENT + word
    }
  }
  return piece === '' ? done : [...done, piece]
}

/**
 * Where java.text.BreakIterator lets a line be broken, for text in ASCII: behind spaces, hyphens and closing punctuation, and
 * before opening brackets; never inside a number. A number with a hyphen before it or a point in it ends where its digits end.
 */
const UNBROKEN =
  /[$'"([{]*(?:-+[$'"([{]*\d+(?:[.,]\d+)*|\d+(?:[.,]\d+)+|[^\s!"%),.:;?\]}([{-]*)(?:[!"%),.:;?\]}$']+|-*)\s*/y

export function lineBreaks(line: string): string[] {
  const words: string[] = []
  UNBROKEN.lastIndex = 0
  while (UNBROKEN.lastIndex < line.length) {
    const at = UNBROKEN.lastIndex
    let word = UNBROKEN.exec(line)?.[0] ?? ''
    if (word === '') word = line[at] ?? ''
    words.push(word)
    UNBROKEN.lastIndex = at + word.length
  }
  return words
}

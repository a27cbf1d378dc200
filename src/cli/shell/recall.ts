import { UsageError } from '../exit-codes.ts'

/**
 * The line of the history that is asked for: `!N` and `redo N` by its number in `history`, `!!` and `redo` the last one, `!START`
 * the last that begins so. Undefined when the text asks for none.
 */
export function recalledLine(text: string, lines: readonly string[]): string | undefined {
  const [, mark, rest = ''] = /^(!|redo(?=\s|$))\s*(.*?)\s*$/s.exec(text.trim()) ?? []
  if (mark === undefined || (mark === '!' && rest === '')) return undefined
  const line = rest === '' || rest === '!' ? lines.at(-1) : lineNamed(rest, lines)
  if (line !== undefined) return line
  throw new UsageError(
    lines.length === 0 ? 'nothing was typed yet' : `the history has no line '${rest}'`,
    'See what it has with: history',
  )
}

function lineNamed(name: string, lines: readonly string[]): string | undefined {
  if (/^-?\d{1,6}$/.test(name)) {
    const number = Number(name)
    return number < 0 ? lines.at(number) : lines[number - 1]
  }
  return lines.findLast((line) => line.startsWith(name))
}

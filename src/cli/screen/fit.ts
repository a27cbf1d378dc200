import { textWidth } from '../output/text-width.ts'

// biome-ignore lint/suspicious/noControlCharactersInRegex: styles are made of them, and take no room.
const PIECES = /\u001b\[[\d;]*m|[\s\S]/gu
const PLAIN_STYLE = '\u001b[0m'

/** The first columns of a line, with the styles in it; none is left open. A wide character that is cut in half is left out. */
export function clip(line: string, columns: number): string {
  if (line.length <= columns && /^[\x20-\x7e]*$/.test(line)) return line
  let used = 0
  let isStyled = false
  let at = 0
  for (const [piece] of line.matchAll(PIECES)) {
    if (piece.startsWith('\u001b')) isStyled = true
    else {
      const width = textWidth(piece)
      if (used + width > columns) return `${line.slice(0, at)}${isStyled ? PLAIN_STYLE : ''}`
      used += width
    }
    at += piece.length
  }
  return line
}

/** A text without styles in exactly so many columns; what is cut off ends with `…`. */
export function padTo(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const width = textWidth(text)
  if (width > columns) {
    const kept = columns < 1 ? '' : `${clip(text, columns - 1)}…`
    return kept + ' '.repeat(Math.max(0, columns - textWidth(kept)))
  }
  const room = ' '.repeat(columns - width)
  return align === 'left' ? text + room : room + text
}

/** Columns that a text takes on a terminal: wide East Asian characters and emoji take two, combining marks none. */
export function textWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length
  let width = 0
  for (const char of text) width += charWidth(char)
  return width
}

/** The same of a text with colours in it. */
export function visibleWidth(text: string): number {
  return textWidth(stripColors(text))
}

export function stripColors(text: string): string {
  return text.includes('\u001b') ? text.replaceAll(/\p{Cc}\[[\d;]*m/gu, '') : text
}

const NONE = /^[\p{Mn}\p{Me}\p{Cf}\p{Cc}]$/u
const WIDE =
  /^[\p{Emoji_Presentation}\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]$/u

function charWidth(char: string): number {
  if (NONE.test(char)) return 0
  return WIDE.test(char) ? 2 : 1
}

export interface Place {
  readonly row: number
  readonly column: number
}

/** Where a text ends on a terminal of so many columns, when it begins at the left edge. */
export function placeAfter(text: string, columns: number): Place {
  let row = 0
  let column = 0
  for (const char of text) {
    if (char === '\n') {
      row++
      column = 0
      continue
    }
    const width = charWidth(char)
    if (column + width > columns) {
      row++
      column = 0
    }
    column += width
  }
  return column === columns ? { row: row + 1, column: 0 } : { row, column }
}

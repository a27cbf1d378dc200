import type { Candidate } from '../completion/candidates.ts'
import { textWidth } from '../output/text-width.ts'

const MAX_LISTED = 60

/** Candidates below each other with what they are, or in columns where there is nothing to say of them. */
export function candidateList(
  candidates: readonly Candidate[],
  columns: number,
  dim: (text: string) => string,
): string {
  const shown = candidates.slice(0, MAX_LISTED)
  const labels = shown.map(({ text, label }) => label ?? text)
  const width = Math.max(...labels.map(textWidth))
  const more = candidates.length - shown.length
  const rest = more > 0 ? `… and ${more} more\n` : ''
  if (shown.some(({ note }) => note !== undefined)) {
    const lines = shown.map(({ note }, i) => {
      const label = (labels[i] ?? '').padEnd(width)
      return clip(`${label}  ${dim(note ?? '')}`.trimEnd(), `${label}  ${note ?? ''}`, columns)
    })
    return `${lines.join('\n')}\n${rest}`
  }
  const perRow = Math.max(1, Math.floor(columns / (width + 2)))
  const rows = Math.ceil(labels.length / perRow)
  const lines = Array.from({ length: rows }, (_, row) =>
    Array.from({ length: perRow }, (_, i) => (labels[i * rows + row] ?? '').padEnd(width + 2))
      .join('')
      .trimEnd(),
  )
  return `${lines.join('\n')}\n${rest}`
}

export function commonStart(texts: readonly string[]): string {
  const [first = ''] = texts
  let length = first.length
  for (const text of texts) while (!text.startsWith(first.slice(0, length))) length--
  return first.slice(0, length)
}

/** `text`, unless what it looks like without colours is wider than there is room for. */
export function clip(text: string, plain: string, columns: number): string {
  if (textWidth(plain) <= columns) return text
  let kept = ''
  for (const char of plain) {
    if (textWidth(kept + char) > columns - 1) break
    kept += char
  }
  return columns < 1 ? '' : `${kept}…`
}

import { UsageError } from '../exit-codes.ts'

/** How much of a long expression is shown around the place that is wrong. */
const SHOWN_BEFORE = 50
const SHOWN_AFTER = 26

/** The expression makes no sense; `at` is where, counted from 0. The hint shows the place. */
export class FilterSyntaxError extends UsageError {
  readonly at: number

  constructor(text: string, at: number, message: string, advice = HELP) {
    super(`--filter, column ${at + 1}: ${message}`, `${excerpt(text, at)}\n${advice}`)
    this.at = at
  }
}

const HELP = 'Such as: value.price > 10 and (key starts with "a" or headers.trace exists)'

function excerpt(text: string, at: number): string {
  const from = Math.max(0, at - SHOWN_BEFORE)
  const line = text.slice(from, at + SHOWN_AFTER).replace(/[\p{Cc}\p{Cs}]/gu, ' ')
  const cut = from > 0 ? '…' : ''
  return `  ${cut}${line}\n  ${' '.repeat(cut.length + at - from)}^`
}

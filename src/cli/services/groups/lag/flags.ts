import { UsageError } from '../../../exit-codes.ts'
import { parseDuration } from '../../../records/offset-grammar.ts'

/** `10m`, `1h30m`: milliseconds. */
export function parseSpan(text: string, flag: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms === 0)
    throw new UsageError(`${flag} wants a time such as 10m or 1h, not '${text}'`)
  return ms
}

/** Seconds, with a fraction if need be, or a time such as 2m: milliseconds. */
export function parseSeconds(text: string, flag: string): number {
  const ms = /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) * 1000 : parseDuration(text)
  if (ms === undefined) throw new UsageError(`${flag} wants seconds such as 60, not '${text}'`)
  return ms
}

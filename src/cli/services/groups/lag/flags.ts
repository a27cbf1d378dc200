import { UsageError } from '../../../exit-codes.ts'
import { parseDuration } from '../../../records/offset-grammar.ts'
import type { GroupLagOptions } from './lag.ts'

export interface LagFlags extends Pick<GroupLagOptions, 'regex' | 'by' | 'lagging' | 'wait' | 'chart'> {
  readonly topic?: readonly string[] | undefined
  readonly 'max-lag'?: number | undefined
  readonly 'max-lag-seconds'?: string | undefined
  readonly interval: number
  readonly window: string
}

/** More than there are columns would be drawn over each other. */
const CHART_COMMITS = 60

/** From flags to what the work needs. */
export function lagOptions(names: readonly string[], flags: LagFlags): GroupLagOptions {
  const { regex, by, lagging, wait, chart, interval, topic } = flags
  const { 'max-lag': maxLag, 'max-lag-seconds': seconds } = flags
  const maxLagMs = seconds === undefined ? undefined : parseSeconds(seconds, '--max-lag-seconds')
  const limits = { maxLag, maxLagMs }
  const windowMs = parseSpan(flags.window, '--window')
  const commitsKept = chart ? CHART_COMMITS : undefined
  const shown = { by, lagging, chart, limits, wait, intervalMs: interval }
  return { names, regex, topics: topic ?? [], windowMs, commitsKept, ...shown }
}

/** `10m`, `1h30m`: milliseconds. */
function parseSpan(text: string, flag: string): number {
  const ms = parseDuration(text)
  if (ms === undefined || ms === 0)
    throw new UsageError(`${flag} wants a time such as 10m or 1h, not '${text}'`)
  return ms
}

/** Seconds, with a fraction if need be, or a time such as 2m: milliseconds. */
function parseSeconds(text: string, flag: string): number {
  const ms = /^\d{1,9}(\.\d{1,3})?$/.test(text) ? Number(text) * 1000 : parseDuration(text)
  if (ms === undefined) throw new UsageError(`${flag} wants seconds such as 60, not '${text}'`)
  return ms
}

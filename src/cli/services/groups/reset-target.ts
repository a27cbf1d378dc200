import type { OffsetSpec, TopicPartition } from '../../../client/index.ts'
import { partitionName } from '../../../lag/index.ts'
import { UsageError } from '../../exit-codes.ts'
import { type Point, parseDuration, parsePoint, parseTime } from '../../records/offset-grammar.ts'
import type { Target } from '../../target.ts'
import type { FileOffset } from './offsets-file.ts'

/** Where offsets are to be set to. */
export type ResetTo =
  | { readonly kind: 'point'; readonly point: Point }
  /** Where they are; where nothing is committed, the end. */
  | { readonly kind: 'current' }
  | { readonly kind: 'shift'; readonly by: number }
  /** Where another group is. */
  | { readonly kind: 'group'; readonly groupId: string }
  | { readonly kind: 'file'; readonly offsets: readonly FileOffset[] }

export interface ResetFlags {
  readonly to?: string | undefined
  readonly 'to-earliest'?: boolean | undefined
  readonly 'to-latest'?: boolean | undefined
  readonly 'to-current'?: boolean | undefined
  readonly 'to-offset'?: number | undefined
  readonly 'to-datetime'?: string | undefined
  readonly 'by-duration'?: string | undefined
  readonly 'shift-by'?: number | undefined
  readonly 'to-group'?: string | undefined
}

/** Kafka's flags and ours; exactly one of them. A file is read by the caller. */
export function parseResetTo(
  flags: ResetFlags,
  file: readonly FileOffset[] | undefined,
  nowMs: number,
): ResetTo {
  const given: ResetTo[] = []
  const point = (found: Point) => given.push({ kind: 'point', point: found })
  const { to, 'to-datetime': datetime, 'by-duration': ago, 'to-offset': offset } = flags
  if (to !== undefined) {
    if (to === 'current') given.push({ kind: 'current' })
    else point(parsePoint(to, nowMs))
  }
  if (flags['to-earliest']) point({ kind: 'start', plus: 0 })
  if (flags['to-latest']) point({ kind: 'end', minus: 0 })
  if (flags['to-current']) given.push({ kind: 'current' })
  if (offset !== undefined) point({ kind: 'offset', offset })
  if (datetime !== undefined) point({ kind: 'time', timestampMs: parseTime(zoned(datetime), nowMs) })
  if (ago !== undefined) point({ kind: 'time', timestampMs: nowMs - durationOf(ago) })
  if (flags['shift-by'] !== undefined) given.push({ kind: 'shift', by: flags['shift-by'] })
  if (flags['to-group'] !== undefined) given.push({ kind: 'group', groupId: flags['to-group'] })
  if (file !== undefined) given.push({ kind: 'file', offsets: file })
  const [chosen, second] = given
  if (chosen === undefined)
    throw new UsageError(
      'it is not said where to',
      'Give --to earliest, latest, current, N, -N or @TIME, --shift-by N, --to-group GROUP or --from-file FILE.',
    )
  if (second !== undefined) throw new UsageError('it is said twice where to', 'Give one of them.')
  return chosen
}

/** Kafka's tool takes a time without a zone for UTC. */
function zoned(text: string): string {
  return /T[\d:.]+$/.test(text) ? `${text}Z` : text
}

/** Ours, or ISO 8601 as Kafka's tool wants it: `2h`, `PT2H`, `P1DT30M`. */
function durationOf(text: string): number {
  const iso = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/i.exec(text)
  const words = iso
    ?.slice(1)
    .map((part, i) => (part === undefined ? '' : `${part}${'dhms'[i]}`))
    .join('')
  const ms = parseDuration(words === undefined || words === '' ? text : words)
  if (ms === undefined)
    throw new UsageError(`--by-duration does not understand '${text}'`, 'Write it as 2h or PT2H.')
  return ms
}

export interface LogRange {
  readonly start: number
  readonly end: number
}

/** The ranges of the logs by partition. */
export async function rangesOf(
  target: Target,
  partitions: readonly TopicPartition[],
): Promise<ReadonlyMap<string, LogRange>> {
  if (partitions.length === 0) return new Map()
  const ask = (spec: OffsetSpec) => target.admin.listOffsets(partitions.map((at) => ({ ...at, spec })))
  const [starts, ends] = await Promise.all([ask('earliest'), ask('latest')])
  return new Map(
    partitions.map((at, i) => [
      partitionName(at),
      { start: starts[i]?.offset ?? 0, end: ends[i]?.offset ?? 0 },
    ]),
  )
}

/** The offsets of a point, before they are held against the ends of the log. */
export async function offsetsAt(
  target: Target,
  partitions: readonly TopicPartition[],
  point: Point,
  ranges: ReadonlyMap<string, LogRange>,
): Promise<(at: TopicPartition) => number> {
  const rangeOf = (at: TopicPartition) => ranges.get(partitionName(at)) ?? { start: 0, end: 0 }
  switch (point.kind) {
    case 'start':
      return (at) => rangeOf(at).start + point.plus
    case 'end':
      return (at) => rangeOf(at).end - point.minus
    case 'offset':
      return () => point.offset
    case 'time': {
      const spec = { timestampMs: point.timestampMs }
      const found = await target.admin.listOffsets(partitions.map((at) => ({ ...at, spec })))
      const byName = new Map(found.map((each) => [partitionName(each), each.offset]))
      // A time that no record has reached is the end.
      return (at) => {
        const offset = byName.get(partitionName(at)) ?? -1
        return offset < 0 ? rangeOf(at).end : offset
      }
    }
  }
}

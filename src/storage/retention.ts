import type { LogConfig } from './log-config.ts'
import type { Segment } from './segment.ts'
import type { Segments } from './segments.ts'

export interface RetentionView {
  readonly segments: Segments
  readonly config: LogConfig
  readonly logStartOffset: number
  readonly logEndOffset: number
  readonly highWatermark: number
  readonly nowMs: number
}

/** A segment that may go, and why, for the server's log. */
export interface Deletable {
  readonly segment: Segment
  readonly reason: string
}

/** Why a segment may go; undefined: it stays, and so do all behind it. */
type Rule = (segment: Segment, next: Segment | undefined) => string | undefined

/**
 * The segments that may go, oldest first (UnifiedLog.deleteOldSegments): those before the log start offset, and with
 * `cleanup.policy=delete` those that are too many or too old. Nothing behind the high watermark ever goes. The active
 * segment is among them when all of it is to go: the caller rolls first.
 */
export async function deletableSegments(view: RetentionView): Promise<Deletable[]> {
  for (const segment of view.segments.all) await segment.ensureIndexes()
  const { config } = view
  const found = oldest(view, view.segments.all, startOffsetRule(view))
  if (!config.cleanupPolicy.includes('delete')) return found
  const rest = () => view.segments.all.slice(found.length)
  if (config.retentionBytes >= 0) found.push(...oldest(view, rest(), sizeRule(rest(), config.retentionBytes)))
  if (config.retentionMs >= 0) found.push(...oldest(view, rest(), timeRule(view.nowMs, config.retentionMs)))
  return found
}

function startOffsetRule({ logStartOffset }: RetentionView): Rule {
  return (_, next) =>
    next !== undefined && next.baseOffset <= logStartOffset
      ? `the log starts at ${logStartOffset} (StartOffsetBreach)`
      : undefined
}

function sizeRule(segments: readonly Segment[], retentionBytes: number): Rule {
  let totalBytes = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0)
  return ({ sizeBytes }) => {
    if (totalBytes - sizeBytes < retentionBytes) return undefined
    totalBytes -= sizeBytes
    return `retention.bytes is ${retentionBytes}, and ${totalBytes} bytes are left (RetentionSizeBreach)`
  }
}

function timeRule(nowMs: number, retentionMs: number): Rule {
  return (segment) => {
    const { largestTimestamp } = segment
    if (nowMs - largestTimestamp <= retentionMs) return undefined
    const what = segment.maxTimestamp.timestamp >= 0 ? 'its latest record is' : 'its file was last changed'
    return `${what} from ${timeText(largestTimestamp)}, retention.ms is ${retentionMs} (RetentionMsBreach)`
  }
}

/** A producer may send any number for a time. */
function timeText(timestamp: number): string {
  const date = new Date(timestamp)
  return Number.isNaN(date.getTime()) ? String(timestamp) : date.toISOString()
}

function oldest(view: RetentionView, segments: readonly Segment[], rule: Rule): Deletable[] {
  const found: Deletable[] = []
  for (const segment of segments) {
    const next = view.segments.next(segment)
    const end = next?.baseOffset ?? view.logEndOffset
    const isEmptyActive = next === undefined && segment.sizeBytes === 0
    if (isEmptyActive || end > view.highWatermark) break
    const reason = rule(segment, next)
    if (reason === undefined) break
    found.push({ segment, reason })
  }
  return found
}

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

/**
 * The segments that may go, oldest first (UnifiedLog.deleteOldSegments): those before the log start offset, and with
 * `cleanup.policy=delete` those that are too old or too many. Nothing behind the high watermark ever goes. The active
 * segment is among them when all of it is to go: the caller rolls first.
 */
export async function deletableSegments(view: RetentionView): Promise<Segment[]> {
  for (const segment of view.segments.all) await segment.ensureIndexes()
  const { config } = view
  const breached = startOffsetBreached(view)
  if (!config.cleanupPolicy.includes('delete')) return breached
  const rest = view.segments.all.slice(breached.length)
  const bySize = sizeBreached(view, rest)
  const byTime = timeBreached(view, rest.slice(bySize.length))
  return [...breached, ...bySize, ...byTime]
}

function startOffsetBreached(view: RetentionView): Segment[] {
  return oldest(
    view,
    view.segments.all,
    (_, next) => next !== undefined && next.baseOffset <= view.logStartOffset,
  )
}

function sizeBreached(view: RetentionView, segments: readonly Segment[]): Segment[] {
  const { retentionBytes } = view.config
  if (retentionBytes < 0) return []
  let excess = segments.reduce((sum, segment) => sum + segment.sizeBytes, 0) - retentionBytes
  return oldest(view, segments, (segment) => {
    excess -= segment.sizeBytes
    return excess >= 0
  })
}

function timeBreached(view: RetentionView, segments: readonly Segment[]): Segment[] {
  const { retentionMs } = view.config
  if (retentionMs < 0) return []
  return oldest(view, segments, (segment) => view.nowMs - segment.largestTimestamp > retentionMs)
}

function oldest(
  view: RetentionView,
  segments: readonly Segment[],
  mayGo: (segment: Segment, next: Segment | undefined) => boolean,
): Segment[] {
  const found: Segment[] = []
  for (const segment of segments) {
    const next = view.segments.next(segment)
    const end = next?.baseOffset ?? view.logEndOffset
    const isEmptyActive = next === undefined && segment.sizeBytes === 0
    if (isEmptyActive || end > view.highWatermark || !mayGo(segment, next)) break
    found.push(segment)
  }
  return found
}

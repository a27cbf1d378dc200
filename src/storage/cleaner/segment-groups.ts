/** What a pass knows of a segment (it reads the file by its name). */
export interface SourceSegment {
  readonly baseOffset: number
  readonly sizeBytes: number
  readonly modifiedMs: number
  readonly offsetIndexBytes: number
  readonly timeIndexBytes: number
}

const MAX_OFFSET_RANGE = 0x7fffffff

/**
 * Neighbours that fit into one segment, by their sizes before they are cleaned (Cleaner.groupSegmentsBySize). An index
 * entry has 31 bits for the offset, which bounds the range of offsets in one segment.
 */
export function groupSegments(
  segments: readonly SourceSegment[],
  limits: { readonly segmentBytes: number; readonly segmentIndexBytes: number },
  firstUncleanableOffset: number,
): SourceSegment[][] {
  const groups: SourceSegment[][] = []
  let group: SourceSegment[] = []
  let size = 0
  let offsetIndexBytes = 0
  let timeIndexBytes = 0
  for (const [i, segment] of segments.entries()) {
    const [first] = group
    const lastOffset = (segments[i + 1]?.baseOffset ?? firstUncleanableOffset) - 1
    const fits =
      first !== undefined &&
      size + segment.sizeBytes <= limits.segmentBytes &&
      offsetIndexBytes + segment.offsetIndexBytes <= limits.segmentIndexBytes &&
      timeIndexBytes + segment.timeIndexBytes <= limits.segmentIndexBytes &&
      (segment.sizeBytes === 0 || lastOffset - first.baseOffset <= MAX_OFFSET_RANGE)
    if (!fits) {
      group = []
      groups.push(group)
      size = 0
      offsetIndexBytes = 0
      timeIndexBytes = 0
    }
    group.push(segment)
    size += segment.sizeBytes
    offsetIndexBytes += segment.offsetIndexBytes
    timeIndexBytes += segment.timeIndexBytes
  }
  return groups
}

import { ABORT_MARKER, readControlRecord, readRecords } from '../records/index.ts'

export interface Marker {
  readonly isAbort: boolean
  readonly coordinatorEpoch: number
  readonly timestamp: number
}

/** The transaction marker in the control batch at `at`; undefined when it is empty or holds another control record. */
export function readMarker(buffer: Buffer, at: number): Marker | undefined {
  for (const record of readRecords(buffer, at)) {
    const { type, coordinatorEpoch } = readControlRecord(record)
    if (coordinatorEpoch === undefined) return undefined
    return { isAbort: type === ABORT_MARKER, coordinatorEpoch, timestamp: record.timestampMs }
  }
  return undefined
}

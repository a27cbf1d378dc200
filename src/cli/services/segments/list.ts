import { nodeFileSystem } from '../../../base/node-file-system.ts'
import { listSegments, type SegmentSummary } from '../../../inspect/index.ts'
import type { CommandContext } from '../../context.ts'
import { plural, sizeText, timeText } from '../../output/text.ts'
import { type FileSelection, locateFiles } from './locate.ts'

/** The segments of partitions, by what their names, sizes and index entries tell. */
export async function listLogSegments(context: CommandContext, selection: FileSelection): Promise<undefined> {
  const rows = await listSegments(nodeFileSystem, locateFiles(context, selection))
  const nowMs = context.clock.nowMs()
  await context.out.view({
    rows,
    columns: [
      { header: 'BROKER', value: (row) => row.dir.brokerId ?? '' },
      { header: 'PARTITION', value: partitionName },
      { header: 'BASE', value: (row) => row.baseOffset },
      { header: 'END', value: (row) => row.endOffset ?? '' },
      { header: 'SIZE', value: (row) => sizeText(row.sizeBytes).replace(' ', '') },
      { header: 'AGE', value: (row) => ageText(nowMs - lastChangeMs(row)) },
      { header: 'FILES', value: (row) => row.files.join('+') },
      { header: 'MARKS', value: (row) => row.marks.join('+') },
      { header: 'BYTES', value: (row) => row.sizeBytes, wide: true },
      { header: 'TOTAL-BYTES', value: (row) => row.totalBytes, wide: true },
      { header: 'INDEX-ENTRIES', value: (row) => row.indexEntries ?? '', wide: true },
      { header: 'LAST-TIMESTAMP', value: (row) => timeText(row.lastTimestampMs), wide: true },
      { header: 'DIRECTORY', value: (row) => row.dir.path, wide: true },
    ],
    data: (row) => ({
      broker: row.dir.brokerId ?? null,
      topic: row.dir.topic,
      partition: row.dir.partition,
      directory: row.dir.path,
      baseOffset: row.baseOffset,
      endOffset: row.endOffset ?? null,
      sizeBytes: row.sizeBytes,
      totalBytes: row.totalBytes,
      indexEntries: row.indexEntries ?? null,
      lastTimestamp: row.lastTimestampMs ?? null,
      modified: Math.round(row.modifiedMs),
      files: row.files,
      marks: row.marks,
    }),
    name: (row) => `${row.dir.path}/${String(row.baseOffset).padStart(20, '0')}.log${suffixOf(row)}`,
    empty: 'There are no segments.',
  })
  if (!context.out.isData && rows.length > 0) context.out.note(sumText(rows))
  return undefined
}

function partitionName({ dir }: SegmentSummary): string {
  return `${dir.topic}-${dir.partition}`
}

function suffixOf({ marks }: SegmentSummary): string {
  const mark = marks.find((one) => one === 'deleted' || one === 'cleaned' || one === 'swap')
  return mark === undefined ? '' : `.${mark}`
}

function sumText(rows: readonly SegmentSummary[]): string {
  const partitions = new Set(rows.map((row) => row.dir.path)).size
  const bytes = rows.reduce((sum, row) => sum + row.sizeBytes, 0)
  const totalBytes = rows.reduce((sum, row) => sum + row.totalBytes, 0)
  const what = `${plural(rows.length, 'segment')} in ${plural(partitions, 'partition')}`
  return `${what}: ${sizeText(bytes)}, with indexes and snapshots ${sizeText(totalBytes)}.`
}

function lastChangeMs(row: SegmentSummary): number {
  return row.lastTimestampMs ?? row.modifiedMs
}

/** `45s`, `3h`, `12d`; nothing for times to come. */
function ageText(ageMs: number): string {
  const seconds = Math.floor(ageMs / 1000)
  if (!Number.isFinite(seconds) || seconds < 0) return ''
  if (seconds < 60) return `${seconds}s`
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m`
  return seconds < 86_400 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`
}

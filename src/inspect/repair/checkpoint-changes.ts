import path from 'node:path'
import { formatOffsetCheckpoint } from '../../storage/index.ts'
import { type LogDirState, OFFSET_CHECKPOINTS } from '../log-dir-state.ts'
import { shortPath } from '../partition-files.ts'
import type { PlannedStep } from './step.ts'

/** Changes to the checkpoints of log directories, gathered over partitions: each file is written once. */
export class CheckpointChanges {
  private readonly files = new Map<
    string,
    { readonly logDir: string; readonly offsets: Map<string, number>; readonly reasons: string[] }
  >()

  /** No checkpoint may point behind the end of the log. */
  lower(state: LogDirState, partition: string, endOffset: number): void {
    for (const name of OFFSET_CHECKPOINTS) {
      const offsets = state.checkpoints.get(name)
      const offset = offsets?.get(partition)
      if (offsets === undefined || offset === undefined || offset <= endOffset) continue
      const file = path.join(state.path, name)
      const change = this.files.get(file) ?? { logDir: state.path, offsets: new Map(offsets), reasons: [] }
      change.offsets.set(partition, endOffset)
      change.reasons.push(`${partition} ends at ${endOffset}, not ${offset}`)
      this.files.set(file, change)
    }
  }

  steps(): PlannedStep[] {
    return [...this.files].map(([file, { logDir, offsets, reasons }]) => ({
      step: { kind: 'rewrite', path: file, text: formatOffsetCheckpoint(offsets) },
      logDir,
      what: `lower ${reasons.length === 1 ? 'an offset' : `${reasons.length} offsets`} in ${shortPath(file)}`,
      why: reasons.slice(0, 5).join('; ') + (reasons.length > 5 ? '; …' : ''),
    }))
  }
}

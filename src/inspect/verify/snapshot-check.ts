import type { FileSystem } from '../../base/file-system.ts'
import { decodeProducerSnapshot, NO_OFFSET, type ProducerEntry } from '../../storage/index.ts'
import type { LocatedFile } from '../locate.ts'
import type { PartitionScope } from './scope.ts'

const ADVICE_SNAPSHOT =
  'kcli segments repair takes the file away: the broker then reads the state out of the log again.'

export interface RebuiltState {
  readonly producers: ReadonlyMap<number, ProducerEntry>
  /** Nothing before it could be read. */
  readonly firstOffset: number
  /** Something was forgotten, or could not be read. */
  readonly isPartial: boolean
}

/**
 * `.snapshot` against the state that the batches before it give. Producers whose batches are all deleted by now are in the
 * snapshot only, and producers that were silent for `producer.id.expiration.ms` are in the batches only: neither is wrong.
 */
export function compareSnapshot(
  fs: FileSystem,
  scope: PartitionScope,
  file: LocatedFile,
  state: RebuiltState,
): void {
  // It may have gone while we read.
  if (!fs.existsSync(file.path)) return
  const bad = (reason: string) =>
    scope.add('error', 'snapshot', file, reason, ADVICE_SNAPSHOT, {
      fix: { kind: 'remove-file', path: file.path },
    })
  const bytes = fs.readFileSync(file.path)
  const entries = decodeProducerSnapshot(bytes)
  if (entries === undefined) {
    // A broker writes it at one go, which a reader may see half done.
    if (scope.logDir.isLive && file.baseOffset === scope.files.snapshots.at(-1)?.baseOffset) return
    bad(
      bytes.length === 0
        ? 'the file is empty'
        : 'the file is no producer snapshot: version, length or checksum are wrong',
    )
    return
  }
  for (const entry of entries) {
    const rebuilt = state.producers.get(entry.producerId)
    const reason = differenceOf(entry, rebuilt, state)
    if (reason === undefined) continue
    scope.addUnlessCompacted(
      'error',
      'snapshot',
      file,
      `producer ${entry.producerId}: ${reason}`,
      ADVICE_SNAPSHOT,
      {
        fix: { kind: 'remove-file', path: file.path },
      },
    )
  }
}

function differenceOf(
  entry: ProducerEntry,
  rebuilt: ProducerEntry | undefined,
  state: RebuiltState,
): string | undefined {
  const last = entry.batches.at(-1)
  if (rebuilt === undefined) {
    if (state.isPartial || last === undefined || last.firstOffset < state.firstOffset) return undefined
    return `its last batch, offsets ${last.firstOffset} to ${last.lastOffset}, is not in the log`
  }
  if (entry.producerEpoch !== rebuilt.producerEpoch) {
    return `the snapshot has epoch ${entry.producerEpoch}, the log ${rebuilt.producerEpoch}`
  }
  const found = rebuilt.batches.at(-1)
  if (last !== undefined && found !== undefined && last.lastOffset !== found.lastOffset) {
    return `the snapshot has offset ${last.lastOffset} for its last record, the log ${found.lastOffset}`
  }
  if (last !== undefined && found !== undefined && last.lastSequence !== found.lastSequence) {
    return `the snapshot has sequence number ${last.lastSequence} for its last record, the log ${found.lastSequence}`
  }
  if (!state.isPartial && entry.currentTxnFirstOffset !== rebuilt.currentTxnFirstOffset) {
    return `the snapshot has ${txn(entry)}, the log ${txn(rebuilt)}`
  }
  return undefined
}

function txn(entry: ProducerEntry): string {
  return entry.currentTxnFirstOffset === NO_OFFSET
    ? 'no open transaction'
    : `a transaction open since offset ${entry.currentTxnFirstOffset}`
}

import * as batch from '../../records/index.ts'
import { readMarker } from '../control-record.ts'
import type { AbortedTxn } from '../txn-index.ts'

interface OngoingAborted {
  readonly txn: AbortedTxn
  hasData: boolean
}

/**
 * Follows the transactions while a log is read from front to back (CleanedTransactionMetadata): which batches belong to
 * an aborted one, and which markers have no data left.
 */
export class CleanedTransactions {
  /** By first offset; `next` is the first one that was not met yet. */
  private readonly aborted: readonly AbortedTxn[]
  private next = 0
  private readonly ongoingCommitted = new Set<number>()
  private readonly ongoingAborted = new Map<number, OngoingAborted>()
  private readonly onAborted: ((txn: AbortedTxn) => void) | undefined

  /** `onAborted` hears of each aborted transaction that still has batches when its marker comes. */
  constructor(aborted: readonly AbortedTxn[], onAborted?: (txn: AbortedTxn) => void) {
    this.aborted = [...aborted].sort((a, b) => a.firstOffset - b.firstOffset)
    this.onAborted = onAborted
  }

  /** True when the data batch was aborted: its records may go. */
  isAborted(buffer: Buffer, at: number): boolean {
    this.meet(batch.lastOffset(buffer, at))
    if (!batch.isTransactional(buffer, at)) return false
    const producerId = batch.producerId(buffer, at)
    const aborted = this.ongoingAborted.get(producerId)
    if (aborted === undefined) {
      this.ongoingCommitted.add(producerId)
      return false
    }
    aborted.hasData = true
    return true
  }

  /** True when no batch of the transaction that the marker ended is left. */
  isMarkerOfNothing(buffer: Buffer, at: number): boolean {
    this.meet(batch.lastOffset(buffer, at))
    if (batch.recordCount(buffer, at) === 0) return true
    const marker = readMarker(buffer, at)
    // Not the marker of a transaction: nothing is known of its use.
    if (marker === undefined) return false
    const producerId = batch.producerId(buffer, at)
    if (!marker.isAbort) return !this.ongoingCommitted.delete(producerId)
    const aborted = this.ongoingAborted.get(producerId)
    this.ongoingAborted.delete(producerId)
    if (aborted === undefined || !aborted.hasData) return true
    this.onAborted?.(aborted.txn)
    return false
  }

  private meet(offset: number): void {
    for (; this.next < this.aborted.length; this.next++) {
      const txn = this.aborted[this.next] as AbortedTxn
      if (txn.firstOffset > offset) return
      if (!this.ongoingAborted.has(txn.producerId)) {
        this.ongoingAborted.set(txn.producerId, { txn, hasData: false })
      }
    }
  }
}

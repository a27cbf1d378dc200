/**
 * The in-sync replicas of a partition as its leader knows them, with a change that is on its way to the controller
 * (kafka.cluster.PartitionState, KIP-497). Which replicas the high watermark waits for is decided by the maximal ISR: a
 * replica that is being added counts already, one that is being removed counts still.
 */
export interface IsrState {
  readonly kind: 'committed' | 'expanding' | 'shrinking'
  /** What the controller has confirmed. */
  readonly isr: readonly number[]
  readonly maximalIsr: readonly number[]
  /** What the controller was asked for; the same as `isr` when nothing is under way. */
  readonly proposedIsr: readonly number[]
  /** 0 recovered, 1 recovering from an unclean election. */
  readonly leaderRecoveryState: number
}

export function committedIsr(isr: readonly number[], leaderRecoveryState: number): IsrState {
  return { kind: 'committed', isr, maximalIsr: isr, proposedIsr: isr, leaderRecoveryState }
}

export function expandingIsr(state: IsrState, brokerId: number): IsrState {
  const isr = [...state.isr, brokerId]
  return { ...state, kind: 'expanding', maximalIsr: isr, proposedIsr: isr }
}

export function shrinkingIsr(state: IsrState, removed: readonly number[]): IsrState {
  return { ...state, kind: 'shrinking', proposedIsr: state.isr.filter((id) => !removed.includes(id)) }
}

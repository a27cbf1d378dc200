import type { RecoveryProgress } from '../storage/index.ts'

export type RecoveryListener = (progress: RecoveryProgress) => void

/** Gives each broker a listener of its own; `listener` hears the sum of what they tell. */
export function sumOfRecoveries(
  listener: RecoveryListener | undefined,
): (broker: number) => RecoveryListener | undefined {
  if (listener === undefined) return () => undefined
  const byBroker = new Map<number, RecoveryProgress>()
  return (broker) => (progress) => {
    byBroker.set(broker, progress)
    let sum: RecoveryProgress = { logs: 0, totalLogs: 0, bytes: 0, totalBytes: 0 }
    for (const each of byBroker.values()) {
      sum = {
        logs: sum.logs + each.logs,
        totalLogs: sum.totalLogs + each.totalLogs,
        bytes: sum.bytes + each.bytes,
        totalBytes: sum.totalBytes + each.totalBytes,
      }
    }
    listener(sum)
  }
}

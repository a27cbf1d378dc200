import { messageOf } from '../../../base/errors.ts'
import { ClientError } from '../../net/index.ts'
import type { TopicPartition } from '../../offsets.ts'
import { WakeupError } from '../blocking.ts'
import type { SubscriptionState } from '../subscription.ts'
import type { GroupMetrics } from './group-metrics.ts'

/**
 * Tells the listener, and waits for it. What it throws is given back: the rebalance goes on, and the poll throws it when
 * that is done (org.apache.kafka.clients.consumer.internals.ConsumerRebalanceListenerInvoker).
 */
export async function tellListener(
  { listener }: SubscriptionState,
  metrics: GroupMetrics,
  event: 'assigned' | 'revoked' | 'lost',
  partitions: readonly TopicPartition[],
): Promise<Error | undefined> {
  const call = async () => {
    if (event === 'assigned') await listener.onPartitionsAssigned?.(partitions)
    else if (event === 'lost' && listener.onPartitionsLost !== undefined)
      await listener.onPartitionsLost(partitions)
    else await listener.onPartitionsRevoked?.(partitions)
  }
  try {
    await metrics.measure(metrics.listener[event], call)
    return undefined
  } catch (error) {
    return error instanceof WakeupError ? error : listenerError(error)
  }
}

export function listenerError(cause: unknown): ClientError {
  const message = `a rebalance listener threw: ${messageOf(cause)}`
  return new ClientError('KCLI_LISTENER', message, { retriable: false, cause })
}

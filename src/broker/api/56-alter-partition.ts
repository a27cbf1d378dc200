import { alterPartition } from '../../protocol/messages/56-alter-partition.ts'
import type { KafkaController } from '../controller/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/**
 * AlterPartition, key 56, v0-3: leaders ask the controller for another ISR (KIP-497).
 *
 * - v1: the leader's recovery state. v2: topics by id, INELIGIBLE_REPLICA. v3: the epochs of the replicas' brokers.
 */
export function alterPartitionHandler({ controller }: { controller: KafkaController }): ApiHandler {
  return handler(
    alterPartition,
    { min: 0, max: 3 },
    {
      handle: (request, { apiVersion }) => controller.alterPartition(request, apiVersion),
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}

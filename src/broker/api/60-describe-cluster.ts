import { ERROR_CODES } from '../../protocol/index.ts'
import { describeCluster } from '../../protocol/messages/60-describe-cluster.ts'
import type { MetadataCache } from '../metadata/index.ts'
import { CLUSTER_OPERATIONS } from './authorized-operations.ts'
import { type ApiHandler, handler } from './handler.ts'

const BROKERS = 1
const CONTROLLERS = 2

/**
 * DescribeCluster, key 60, v0-1: cluster id, controller and brokers as seen from the listener of the request.
 * v1 says which kind of endpoint is meant: only brokers can be asked for here (KIP-919).
 */
export function describeClusterHandler({ cache }: { cache: MetadataCache }): ApiHandler {
  return handler(
    describeCluster,
    { min: 0, max: 1 },
    {
      handle(request, context) {
        if (request.endpointType !== BROKERS) {
          const mismatched = request.endpointType === CONTROLLERS
          return {
            clusterId: '',
            errorCode: mismatched
              ? ERROR_CODES.MISMATCHED_ENDPOINT_TYPE
              : ERROR_CODES.UNSUPPORTED_ENDPOINT_TYPE,
            errorMessage: mismatched
              ? 'The request was sent to an endpoint of type BROKER, but we wanted an endpoint of type CONTROLLER'
              : `Unsupported endpoint type ${request.endpointType}`,
          }
        }
        const brokers = cache.aliveBrokers(context.listenerName)
        const controllerId = cache.controllerId ?? -1
        return {
          clusterId: cache.clusterId ?? '',
          controllerId: brokers.some(({ id }) => id === controllerId) ? controllerId : -1,
          brokers: brokers.map(({ id, ...node }) => ({ brokerId: id, ...node })),
          clusterAuthorizedOperations: request.includeClusterAuthorizedOperations
            ? CLUSTER_OPERATIONS
            : -2147483648,
        }
      },
      onError: (_request, errorCode) => ({ errorCode, clusterId: '' }),
    },
  )
}

import { describeLogDirs } from '../../protocol/messages/35-describe-log-dirs.ts'
import type { ReplicaManager } from '../replica/index.ts'
import { type ApiHandler, handler } from './handler.ts'

/** DescribeLogDirs (KafkaApis.handleDescribeLogDirsRequest). Before version 3 there is no place for an error. */
export function describeLogDirsHandler(replicas: ReplicaManager): ApiHandler {
  return handler(
    describeLogDirs,
    { min: 0, max: 4 },
    {
      handle: (request) => replicas.describeLogDirs(request),
      onError: (_request, errorCode) => ({ errorCode }),
    },
  )
}

import { ERROR_CODES } from '../../protocol/index.ts'
import { findCoordinator } from '../../protocol/messages/10-find-coordinator.ts'
import { ApiError } from '../api-error.ts'
import { OFFSETS_TOPIC } from '../group/index.ts'
import type { MetadataCache } from '../metadata/index.ts'
import { defaultErrorMessage } from './error-message.ts'
import { type ApiHandler, handler } from './handler.ts'

export interface FindCoordinatorDeps {
  readonly cache: MetadataCache
  /** The partition of the offsets topic that is responsible; undefined when it cannot be told now. */
  readonly partitionOfGroup: (groupId: string) => Promise<number | undefined>
  readonly autoCreate: (topics: readonly string[]) => Promise<ReadonlyMap<string, number>>
}

const GROUP = 0
const TRANSACTION = 1
const SHARE = 2
const KEY_TYPES: ReadonlySet<number> = new Set([GROUP, TRANSACTION, SHARE])
/** The first version that may ask for the coordinator of a share group. */
const SHARE_VERSION = 6
/** From this version on a request names several keys. */
const BATCH_VERSION = 4
const NO_NODE = { nodeId: -1, host: '', port: -1 }

interface Answer {
  readonly nodeId: number
  readonly host: string
  readonly port: number
  readonly errorCode: number
  readonly errorMessage: string
}

/**
 * FindCoordinator, key 10, v0-6: which broker looks after a group or a transactional id. v4 asks for several at once
 * (KafkaApis.getCoordinator). The first question makes the topic in which the groups are kept; until it has leaders
 * clients are told to come again.
 *
 * There is no coordinator of transactions yet. A transactional producer would wait until it times out: it is told at once.
 */
export function findCoordinatorHandler(deps: FindCoordinatorDeps): ApiHandler {
  return handler(
    findCoordinator,
    { min: 0, max: 6 },
    {
      async handle(request, { apiVersion, listenerName }) {
        const { keyType } = request
        if (!KEY_TYPES.has(keyType)) throw new ApiError('INVALID_REQUEST', `there is no key type ${keyType}`)
        const find = async (key: string) => {
          if (keyType === TRANSACTION) return NO_TRANSACTIONS
          if (keyType === SHARE) return failed(shareError(apiVersion))
          return findGroup(deps, key, listenerName)
        }
        if (apiVersion < BATCH_VERSION) return find(request.key)
        const findInBatch = async (key: string) => {
          const answer = await find(key)
          // The batched form has no text for what is in Kafka's own list of errors.
          return { key, ...answer, errorMessage: answer === NO_TRANSACTIONS ? answer.errorMessage : '' }
        }
        return { coordinators: await Promise.all(request.coordinatorKeys.map(findInBatch)) }
      },
      onError(request, errorCode, { apiVersion }) {
        const failure = failed(errorCode)
        if (apiVersion < BATCH_VERSION) return failure
        return { coordinators: request.coordinatorKeys.map((key) => ({ key, ...failure })) }
      },
    },
  )
}

async function findGroup(deps: FindCoordinatorDeps, key: string, listenerName: string): Promise<Answer> {
  const { cache } = deps
  if (!cache.hasTopic(OFFSETS_TOPIC)) {
    // Nobody waits for it: the client asks again.
    void deps.autoCreate([OFFSETS_TOPIC])
    return failed(ERROR_CODES.COORDINATOR_NOT_AVAILABLE)
  }
  const partition = await deps.partitionOfGroup(key)
  const leader =
    (partition === undefined ? undefined : cache.partition(OFFSETS_TOPIC, partition)?.leader) ?? -1
  const node = leader < 0 ? undefined : cache.brokerEndpoint(leader, listenerName)
  if (node === undefined) return failed(ERROR_CODES.COORDINATOR_NOT_AVAILABLE)
  const { host, port } = node
  return { nodeId: leader, host, port, errorCode: ERROR_CODES.NONE, errorMessage: defaultErrorMessage(0) }
}

function failed(errorCode: number): Answer {
  return { ...NO_NODE, errorCode, errorMessage: defaultErrorMessage(errorCode) }
}

/** Share groups (KIP-932) are not served in ZooKeeper mode. */
function shareError(apiVersion: number): number {
  return apiVersion < SHARE_VERSION ? ERROR_CODES.INVALID_REQUEST : ERROR_CODES.COORDINATOR_NOT_AVAILABLE
}

const NO_TRANSACTIONS: Answer = {
  ...NO_NODE,
  errorCode: ERROR_CODES.UNSUPPORTED_VERSION,
  errorMessage: 'This broker has no transaction coordinator yet: transactional.id cannot be used.',
}

import { sleep } from '../../base/clock.ts'
import { ERROR_CODES, errorInfo } from '../../protocol/index.ts'
import { findCoordinator } from '../../protocol/messages/10-find-coordinator.ts'
import { type ClientCore, UnreachableError } from '../core.ts'
import type { BrokerNode } from '../metadata.ts'
import { BrokerError, ClientError, type Connection, UnsupportedVersionError } from '../net/index.ts'

const KEY_TYPES = { group: 0, transaction: 1 } as const
/** From here on one request asks for many (KIP-699). */
const MANY_KEYS_VERSION = 4

/** What a group's coordinator answers while it is coming or going. */
const PASSING: ReadonlySet<number> = new Set([
  ERROR_CODES.COORDINATOR_LOAD_IN_PROGRESS,
  ERROR_CODES.COORDINATOR_NOT_AVAILABLE,
  ERROR_CODES.NOT_COORDINATOR,
])

export function isPassing(errorCode: number): boolean {
  return PASSING.has(errorCode)
}

export interface CoordinatorCall<T> {
  /** What the ids are of; groups when left out. */
  readonly keyType?: keyof typeof KEY_TYPES
  /** How many groups one request may name. */
  readonly batchSize: number
  /**
   * Asks for some groups of one coordinator. A {@link BrokerError} whose code {@link isPassing}, or that `isRetried`
   * names, is asked for again; any other is the group's result.
   */
  ask(
    connection: Connection,
    groupIds: readonly string[],
    coordinator: BrokerNode,
  ): Promise<ReadonlyMap<string, T | BrokerError>>
  readonly isRetried?: (errorCode: number) => boolean
}

/**
 * Asks the coordinator of each group, all coordinators at once, and again what it could not answer yet, for
 * default.api.timeout.ms (CoordinatorStrategy of Kafka's admin client). Every group has a result. Throws when no group
 * got an answer because the brokers could not be reached, or when a broker is too old.
 */
export async function askCoordinators<T>(
  core: ClientCore,
  groupIds: readonly string[],
  call: CoordinatorCall<T>,
): Promise<Map<string, T | BrokerError>> {
  const { clock, apiTimeoutMs } = core.options
  const deadlineMs = clock.monotonicMs() + apiTimeoutMs
  const results = new Map<string, T | BrokerError>()
  let pending: readonly string[] = [...new Set(groupIds)]
  for (let attempts = 0; ; attempts++) {
    const failures = await askOnce(core, pending, call, results)
    pending = [...failures.keys()]
    const backoffMs = core.backoffMs(attempts)
    if (pending.length === 0) return results
    if (core.isClosed || clock.monotonicMs() + backoffMs > deadlineMs) {
      giveUp(failures, results)
      return results
    }
    await sleep(clock, backoffMs)
  }
}

/** One round; gives what is to be asked again, and why. */
async function askOnce<T>(
  core: ClientCore,
  groupIds: readonly string[],
  call: CoordinatorCall<T>,
  results: Map<string, T | BrokerError>,
): Promise<Map<string, ClientError>> {
  const failures = new Map<string, ClientError>()
  const settle = (groupId: string, answer: T | BrokerError) => {
    if (answer instanceof BrokerError && isAgain(answer.errorCode, call)) failures.set(groupId, answer)
    else results.set(groupId, answer)
  }
  const attempt = async (ids: readonly string[], work: () => Promise<void>) => {
    try {
      await work()
    } catch (error) {
      if (!(error instanceof ClientError && error.retriable) || error instanceof UnreachableError) throw error
      for (const id of ids) failures.set(id, error)
    }
  }
  const byNode = new Map<number, string[]>()
  await attempt(groupIds, async () => {
    for (const [groupId, found] of await locate(core, groupIds, call.keyType ?? 'group')) {
      if (found instanceof BrokerError) settle(groupId, found)
      else if (!byNode.get(found)?.push(groupId)) byNode.set(found, [groupId])
    }
    if ([...byNode.keys()].some((id) => !core.metadata.brokers.has(id))) await core.refresh([])
  })
  const askNode = async (nodeId: number, ids: readonly string[]) => {
    for (let at = 0; at < ids.length; at += call.batchSize) {
      const batch = ids.slice(at, at + call.batchSize)
      await attempt(batch, async () => {
        const connection = await core.connectionTo(nodeId)
        const node = core.metadata.brokers.get(nodeId) ?? { id: nodeId, host: '', port: -1, rack: null }
        const answers = await call.ask(connection, batch, node)
        for (const id of batch) {
          const answer = answers.get(id)
          settle(id, answer === undefined ? missing(id) : answer)
        }
      })
    }
  }
  await Promise.all([...byNode].map(([nodeId, ids]) => askNode(nodeId, ids)))
  return failures
}

function isAgain<T>(errorCode: number, call: CoordinatorCall<T>): boolean {
  return isPassing(errorCode) || call.isRetried?.(errorCode) === true
}

function giveUp<T>(failures: ReadonlyMap<string, ClientError>, results: Map<string, T | BrokerError>): void {
  for (const [groupId, failure] of failures) {
    if (failure instanceof BrokerError) results.set(groupId, failure)
    else if (results.size === 0 && [...failures.values()].every((each) => !(each instanceof BrokerError)))
      throw failure
    else results.set(groupId, new BrokerError(ERROR_CODES.NETWORK_EXCEPTION, failure.message))
  }
}

function missing(groupId: string): BrokerError {
  return new BrokerError(ERROR_CODES.UNKNOWN_SERVER_ERROR, `the broker said nothing of '${groupId}'`)
}

/** The coordinators by group: a broker's id, or why there is none. */
async function locate(
  core: ClientCore,
  groupIds: readonly string[],
  type: keyof typeof KEY_TYPES,
): Promise<Map<string, number | BrokerError>> {
  const connection = await core.anyConnection()
  const version = connection.versionOf(findCoordinator)
  const keyType = KEY_TYPES[type]
  if (version < 1 && type !== 'group')
    throw new UnsupportedVersionError('the broker is too old to have transactions')
  const outcome = (answer: { errorCode: number; errorMessage: string | null; nodeId: number }) =>
    answer.errorCode === ERROR_CODES.NONE
      ? answer.nodeId
      : new BrokerError(answer.errorCode, answer.errorMessage || errorInfo(answer.errorCode).name)
  if (version >= MANY_KEYS_VERSION) {
    const request = { keyType, coordinatorKeys: groupIds }
    const { coordinators } = await connection.send(findCoordinator, request)
    return new Map(coordinators.map((found) => [found.key, outcome(found)]))
  }
  const answers = groupIds.map(async (key): Promise<[string, number | BrokerError]> => {
    const request = { key, ...(version >= 1 && { keyType }) }
    return [key, outcome(await connection.send(findCoordinator, request))]
  })
  return new Map(await Promise.all(answers))
}

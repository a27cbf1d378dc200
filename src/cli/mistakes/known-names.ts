import { nearestName } from '../../base/edit-distance.ts'
import { KcliError } from '../../base/errors.ts'
import { BrokerError } from '../../client/index.ts'
import type { Target } from '../target.ts'
import { brokerHint } from './broker-hints.ts'

type Kind = 'topic' | 'group'

const CODES: Readonly<Record<string, Kind>> = {
  KCLI_UNKNOWN_TOPIC: 'topic',
  UNKNOWN_TOPIC_OR_PARTITION: 'topic',
  KCLI_UNKNOWN_GROUP: 'group',
  GROUP_ID_NOT_FOUND: 'group',
}

/**
 * `Did you mean 'orders'?` for an error about a topic or a group that does not exist. Asks the target which there are, now
 * that it is known that something is wrong. Undefined where nothing is near, and where nobody answers.
 */
export async function nearestHint(error: unknown, target: Target): Promise<string | undefined> {
  const kind = kindOf(error)
  const typed = /'([^']+)'/.exec(error instanceof Error ? error.message : '')?.[1]
  if (kind === undefined || typed === undefined) return undefined
  try {
    const nearest = nearestName(typed, await namesOf(kind, target))
    return nearest === undefined || nearest === typed ? undefined : `Did you mean '${nearest}'?`
  } catch {
    // What failed first is what matters.
    return undefined
  }
}

/** The same error with that hint, or with what to do about what a broker said, or as it was. */
export async function explained(error: KcliError, target: Target): Promise<KcliError> {
  const nearest = await nearestHint(error, target)
  if (error instanceof BrokerError) {
    const hint = nearest ?? error.hint ?? (await brokerHint(error))
    return hint === undefined ? error : new BrokerError(error.errorCode, error.message, { hint })
  }
  if (nearest === undefined) return error
  return new KcliError(error.code, error.message, { hint: nearest, cause: error, retriable: error.retriable })
}

function kindOf(error: unknown): Kind | undefined {
  if (error instanceof BrokerError) return CODES[error.errorName]
  return error instanceof KcliError ? CODES[error.code] : undefined
}

async function namesOf(kind: Kind, { admin }: Target): Promise<string[]> {
  if (kind === 'topic') return (await admin.listTopics()).map(({ name }) => name)
  return (await admin.listGroups()).groups.map(({ groupId }) => groupId)
}

import { describeClientQuotas } from '../../protocol/messages/48-describe-client-quotas.ts'
import { alterClientQuotas } from '../../protocol/messages/49-alter-client-quotas.ts'
import type { ClientCore } from '../core.ts'
import { type ItemResult, itemError } from './results.ts'

/**
 * Whom a quota is for, by `user`, `client-id` and `ip`; null is the default of the kind
 * (org.apache.kafka.common.quota.ClientQuotaEntity).
 */
export type QuotaEntity = Readonly<Record<string, string | null>>

/** A name; `default`; or any that has one. */
export type QuotaMatch = { readonly name: string } | 'default' | 'any'

export interface QuotaFilter {
  readonly components: Readonly<Record<string, QuotaMatch>>
  /** Leave out entities that have more components than these. */
  readonly strict?: boolean
}

/** The limits of a client, a user, an address, or of a combination of them (KIP-546). */
export interface ClientQuota {
  readonly entity: QuotaEntity
  /** By Kafka's names: `producer_byte_rate`, `consumer_byte_rate`, `request_percentage`, … */
  readonly values: Readonly<Record<string, number>>
}

export interface QuotaAlteration {
  readonly entity: QuotaEntity
  /** Null removes. */
  readonly values: Readonly<Record<string, number | null>>
}

export interface QuotaResult extends ItemResult {
  readonly entity: QuotaEntity
}

const EXACT = 0
const DEFAULT = 1
const SPECIFIED = 2

export async function describe(core: ClientCore, filter: QuotaFilter): Promise<ClientQuota[]> {
  return core.retry(async () => {
    const response = await core.sendToAny(describeClientQuotas, {
      components: Object.entries(filter.components).map(([entityType, match]) => ({
        entityType,
        matchType: match === 'any' ? SPECIFIED : match === 'default' ? DEFAULT : EXACT,
        match: typeof match === 'string' ? null : match.name,
      })),
      strict: filter.strict ?? false,
    })
    const error = itemError(response.errorCode, response.errorMessage)
    if (error !== null) throw error
    return (response.entries ?? []).map(({ entity, values }) => ({
      entity: entityOf(entity),
      values: Object.fromEntries(values.map(({ key, value }) => [key, value])),
    }))
  })
}

export async function alter(
  core: ClientCore,
  alterations: readonly QuotaAlteration[],
  options: { validateOnly?: boolean },
): Promise<QuotaResult[]> {
  return core.retry(async () => {
    const response = await core.sendToAny(alterClientQuotas, {
      entries: alterations.map(({ entity, values }) => ({
        entity: Object.entries(entity).map(([entityType, entityName]) => ({ entityType, entityName })),
        ops: Object.entries(values).map(([key, value]) => ({
          key,
          value: value ?? 0,
          remove: value === null,
        })),
      })),
      validateOnly: options.validateOnly ?? false,
    })
    return response.entries.map(({ entity, errorCode, errorMessage }) => ({
      name: nameOf(entityOf(entity)),
      entity: entityOf(entity),
      error: itemError(errorCode, errorMessage),
    }))
  })
}

function entityOf(parts: readonly { entityType: string; entityName: string | null }[]): QuotaEntity {
  return Object.fromEntries(parts.map(({ entityType, entityName }) => [entityType, entityName]))
}

/** Users first, whatever the order in which the broker names them. */
function nameOf(entity: QuotaEntity): string {
  const parts = Object.entries(entity).sort(([a], [b]) => (a < b ? 1 : -1))
  return parts.map(([type, name]) => `${type}=${name ?? '<default>'}`).join(',')
}

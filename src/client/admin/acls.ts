import { describeAcls } from '../../protocol/messages/29-describe-acls.ts'
import { createAcls } from '../../protocol/messages/30-create-acls.ts'
import { deleteAcls } from '../../protocol/messages/31-delete-acls.ts'
import type { ClientCore } from '../core.ts'
import { type BrokerError, UnsupportedVersionError } from '../net/index.ts'
import { ACL_OPERATIONS, type AclOperation } from './operations.ts'
import { type ItemResult, itemError } from './results.ts'

const RESOURCE_TYPES = [
  'UNKNOWN',
  'ANY',
  'TOPIC',
  'GROUP',
  'CLUSTER',
  'TRANSACTIONAL_ID',
  'DELEGATION_TOKEN',
  'USER',
] as const
const PATTERN_TYPES = ['UNKNOWN', 'ANY', 'MATCH', 'LITERAL', 'PREFIXED'] as const
const PERMISSION_TYPES = ['UNKNOWN', 'ANY', 'DENY', 'ALLOW'] as const

/** Patterns came with version 1 (KIP-290). */
const PATTERNS_VERSION = 1

export type AclResourceType = (typeof RESOURCE_TYPES)[number]
export type AclPatternType = (typeof PATTERN_TYPES)[number]
export type AclPermissionType = (typeof PERMISSION_TYPES)[number]

/** Who may do what, or may not, with a resource (org.apache.kafka.common.acl.AclBinding). */
export interface AclBinding {
  readonly resourceType: AclResourceType
  /** `kafka-cluster` for the cluster; `*` for all. */
  readonly resourceName: string
  readonly patternType: AclPatternType
  /** `User:alice` */
  readonly principal: string
  /** `*` for all. */
  readonly host: string
  readonly operation: AclOperation
  readonly permissionType: AclPermissionType
}

/** What is left out matches anything. `MATCH` as pattern type finds all patterns that a resource of the name falls under. */
export type AclFilter = Partial<AclBinding>

export interface DeletedAcls {
  readonly filter: AclFilter
  readonly error: BrokerError | null
  readonly deleted: readonly (AclBinding & { readonly error: BrokerError | null })[]
}

export async function describe(core: ClientCore, filter: AclFilter): Promise<AclBinding[]> {
  return core.retry(async () => {
    const connection = await core.anyConnection()
    const hasPatterns = connection.versionOf(describeAcls) >= PATTERNS_VERSION
    const response = await connection.send(describeAcls, filterFields(filter, hasPatterns))
    const error = itemError(response.errorCode, response.errorMessage)
    if (error !== null) throw error
    return response.resources.flatMap(({ resourceType, resourceName, patternType, acls }) =>
      acls.map((acl) => bindingOf({ resourceType, resourceName, patternType, ...acl })),
    )
  })
}

/** One result for each binding, in their order; `name` says which. */
export async function create(core: ClientCore, bindings: readonly AclBinding[]): Promise<ItemResult[]> {
  return core.retry(async () => {
    const connection = await core.anyConnection()
    const hasPatterns = connection.versionOf(createAcls) >= PATTERNS_VERSION
    const response = await connection.send(createAcls, {
      creations: bindings.map(({ resourceType, resourceName, patternType, principal, host, ...rest }) => ({
        resourceType: RESOURCE_TYPES.indexOf(resourceType),
        resourceName,
        ...patternField('resourcePatternType', patternType, hasPatterns),
        principal,
        host,
        operation: ACL_OPERATIONS.indexOf(rest.operation),
        permissionType: PERMISSION_TYPES.indexOf(rest.permissionType),
      })),
    })
    return response.results.map(({ errorCode, errorMessage }, index) => ({
      name: textOf(bindings[index] as AclBinding),
      error: itemError(errorCode, errorMessage),
    }))
  })
}

export async function remove(core: ClientCore, filters: readonly AclFilter[]): Promise<DeletedAcls[]> {
  return core.retry(async () => {
    const connection = await core.anyConnection()
    const hasPatterns = connection.versionOf(deleteAcls) >= PATTERNS_VERSION
    const response = await connection.send(deleteAcls, {
      filters: filters.map((filter) => filterFields(filter, hasPatterns)),
    })
    return response.filterResults.map(({ errorCode, errorMessage, matchingAcls }, index) => ({
      filter: filters[index] as AclFilter,
      error: itemError(errorCode, errorMessage),
      deleted: matchingAcls.map((acl) => ({
        ...bindingOf(acl),
        error: itemError(acl.errorCode, acl.errorMessage),
      })),
    }))
  })
}

function filterFields(filter: AclFilter, hasPatterns: boolean) {
  return {
    resourceTypeFilter: RESOURCE_TYPES.indexOf(filter.resourceType ?? 'ANY'),
    resourceNameFilter: filter.resourceName ?? null,
    ...patternField('patternTypeFilter', filter.patternType ?? 'ANY', hasPatterns),
    principalFilter: filter.principal ?? null,
    hostFilter: filter.host ?? null,
    operation: ACL_OPERATIONS.indexOf(filter.operation ?? 'ANY'),
    permissionType: PERMISSION_TYPES.indexOf(filter.permissionType ?? 'ANY'),
  }
}

/** Before they had patterns, brokers knew literal names only. */
function patternField<K extends string>(field: K, type: AclPatternType, hasPatterns: boolean) {
  if (hasPatterns) return { [field]: PATTERN_TYPES.indexOf(type) } as Record<K, number>
  if (type === 'LITERAL' || type === 'ANY') return {}
  throw new UnsupportedVersionError(`the broker is too old for ACLs with the pattern type ${type}`)
}

function bindingOf(fields: {
  resourceType: number
  resourceName: string
  patternType: number
  principal: string
  host: string
  operation: number
  permissionType: number
}): AclBinding {
  const { resourceName, principal, host } = fields
  return {
    resourceType: RESOURCE_TYPES[fields.resourceType] ?? 'UNKNOWN',
    resourceName,
    patternType: PATTERN_TYPES[fields.patternType] ?? 'UNKNOWN',
    principal,
    host,
    operation: ACL_OPERATIONS[fields.operation] ?? 'UNKNOWN',
    permissionType: PERMISSION_TYPES[fields.permissionType] ?? 'UNKNOWN',
  }
}

function textOf({ permissionType, principal, host, operation, ...resource }: AclBinding): string {
  const { resourceType, resourceName, patternType } = resource
  return `${permissionType} ${principal} from ${host}: ${operation} on ${resourceType} ${resourceName} (${patternType})`
}

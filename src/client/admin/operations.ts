/** org.apache.kafka.common.acl.AclOperation, by code. */
export const ACL_OPERATIONS = [
  'UNKNOWN',
  'ANY',
  'ALL',
  'READ',
  'WRITE',
  'CREATE',
  'DELETE',
  'ALTER',
  'DESCRIBE',
  'CLUSTER_ACTION',
  'DESCRIBE_CONFIGS',
  'ALTER_CONFIGS',
  'IDEMPOTENT_WRITE',
  'CREATE_TOKENS',
  'DESCRIBE_TOKENS',
] as const

export type AclOperation = (typeof ACL_OPERATIONS)[number]

/** What a broker says that was not asked for operations, or is too old. */
export const NO_OPERATIONS = -2147483648

/** The operations that a bit field names (KIP-430); null when the broker did not say. */
export function operationsOf(bits: number): AclOperation[] | null {
  return bits === NO_OPERATIONS ? null : ACL_OPERATIONS.filter((_, code) => (bits & (1 << code)) !== 0)
}

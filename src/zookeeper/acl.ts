/** Who may do what with a node. Stored and served now; checking digest and ip identities is not done yet. */
export interface AclId {
  /** `world`, `auth`, `digest`, `ip`, `x509`, `sasl`, `super`. */
  readonly scheme: string
  readonly id: string
}

export interface Acl {
  /** A sum of {@link PERMISSIONS}. */
  readonly perms: number
  readonly id: AclId
}

/** org.apache.zookeeper.ZooDefs.Perms. */
export const PERMISSIONS = { read: 1, write: 2, create: 4, delete: 8, admin: 16, all: 31 } as const

export const ANYONE: AclId = { scheme: 'world', id: 'anyone' }
/** Everything for everyone: what a node gets when its creator names no ACL. */
export const OPEN_ACL_UNSAFE: readonly Acl[] = [{ perms: PERMISSIONS.all, id: ANYONE }]
export const READ_ACL_UNSAFE: readonly Acl[] = [{ perms: PERMISSIONS.read, id: ANYONE }]

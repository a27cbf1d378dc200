import { isInIpRange, isIpRange } from '../base/ip-range.ts'
import { ZooKeeperError } from './errors.ts'

export interface AclId {
  /** `world`, `auth`, `digest`, `ip`, `x509`, `sasl`. */
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

/** Who a session has proved to be. */
export interface Identity {
  /** May do everything: sessions in the service's own process are. */
  readonly isSuper: boolean
  readonly ids: readonly AclId[]
}

export const SUPER_IDENTITY: Identity = { isSuper: true, ids: [] }

/** ZooKeeperServer.checkACL. */
export function isAllowed(acl: readonly Acl[], permission: number, identity: Identity): boolean {
  if (identity.isSuper || acl.length === 0) return true
  return acl.some(({ perms, id }) => {
    if ((perms & permission) === 0) return false
    if (id.scheme === ANYONE.scheme) return id.id === ANYONE.id
    return identity.ids.some((each) => each.scheme === id.scheme && matches(each, id))
  })
}

function matches(own: AclId, wanted: AclId): boolean {
  return own.id === wanted.id || (wanted.scheme === 'ip' && isInIpRange(own.id, wanted.id))
}

/** Without what proves it: the user of a digest. */
export function userOf({ scheme, id }: AclId): string {
  return scheme === 'digest' ? id.slice(0, id.indexOf(':')) : id
}

const KNOWN_SCHEMES: ReadonlySet<string> = new Set(['digest', 'ip', 'sasl', 'x509'])

/**
 * The ACL as it is stored: without repetitions, `auth` replaced by who the session is (PrepRequestProcessor.fixupACL).
 * INVALIDACL when nothing is left or a scheme is unknown.
 */
export function storedAcl(path: string, acl: readonly Acl[], identity: Identity): Acl[] {
  const stored = new Map<string, Acl>()
  const add = (perms: number, { scheme, id }: AclId) => {
    stored.set(JSON.stringify([perms, scheme, id]), { perms, id: { scheme, id } })
  }
  for (const { perms, id } of acl) {
    if (id.scheme === 'auth') {
      // An address proves nothing about who it is.
      const proved = identity.ids.filter((own) => own.scheme !== 'ip')
      if (proved.length === 0) throw new ZooKeeperError('INVALIDACL', path)
      for (const own of proved) add(perms, own)
    } else if (isValidId(id) && Number.isInteger(perms) && perms >= 0 && perms <= PERMISSIONS.all)
      add(perms, id)
    else throw new ZooKeeperError('INVALIDACL', path)
  }
  if (stored.size === 0) throw new ZooKeeperError('INVALIDACL', path)
  return [...stored.values()]
}

function isValidId({ scheme, id }: AclId): boolean {
  if (scheme === ANYONE.scheme) return id === ANYONE.id
  if (scheme === 'digest') return id.split(':').length === 2
  if (scheme === 'ip') return isIpRange(id)
  return KNOWN_SCHEMES.has(scheme) && id.length > 0
}

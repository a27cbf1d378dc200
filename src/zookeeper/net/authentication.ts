import { createHash } from 'node:crypto'
import type { AclId, Identity } from '../acl.ts'
import type { JuteReader } from '../jute.ts'

/** `ann:secret` → `ann:` and the Base64 of its SHA-1, which is what ACLs hold (DigestAuthenticationProvider). */
export function digestOf(userAndPassword: string): string {
  const [user = ''] = userAndPassword.split(':', 1)
  return `${user}:${createHash('sha1').update(userAndPassword).digest('base64')}`
}

/**
 * Reads `int type, string scheme, buffer auth` and adds who the session has proved to be. Undefined for a scheme that
 * is not known: the connection ends then.
 */
export function authenticate(
  reader: JuteReader,
  identity: Identity,
  superDigest: string | undefined,
): Identity | undefined {
  reader.readInt()
  const scheme = reader.readNullableString()
  const auth = reader.readBuffer()
  // The address is known already.
  if (scheme === 'ip') return identity
  if (scheme !== 'digest') return undefined
  const id: AclId = { scheme, id: digestOf((auth ?? Buffer.alloc(0)).toString('utf8')) }
  const isSuper = identity.isSuper || (superDigest !== undefined && id.id === superDigest)
  const isKnown = identity.ids.some((each) => each.scheme === id.scheme && each.id === id.id)
  return { isSuper, ids: isKnown ? identity.ids : [...identity.ids, id] }
}

import { createDelegationToken } from '../../protocol/messages/38-create-delegation-token.ts'
import { renewDelegationToken } from '../../protocol/messages/39-renew-delegation-token.ts'
import { expireDelegationToken } from '../../protocol/messages/40-expire-delegation-token.ts'
import { describeDelegationToken } from '../../protocol/messages/41-describe-delegation-token.ts'
import type { ClientCore } from '../core.ts'
import { UnsupportedVersionError } from '../net/index.ts'
import { itemError } from './results.ts'

/** `User` and `alice`. */
export interface Principal {
  readonly type: string
  readonly name: string
}

/** Whoever has the hmac can be the owner, until the token expires (KIP-48). */
export interface DelegationToken {
  readonly tokenId: string
  readonly owner: Principal
  /** Who asked for it; the owner, with brokers before 3.3. */
  readonly requester: Principal
  readonly renewers: readonly Principal[]
  readonly issueTimestampMs: number
  readonly expiryTimestampMs: number
  readonly maxTimestampMs: number
  readonly hmac: Buffer
}

export interface CreateTokenOptions {
  /** Another one than who asks (KIP-373). */
  readonly owner?: Principal
  readonly renewers?: readonly Principal[]
  /** -1: as long as the broker lets it live. */
  readonly maxLifetimeMs?: number
}

const OWNER_VERSION = 3

export async function create(core: ClientCore, options: CreateTokenOptions): Promise<DelegationToken> {
  const { owner, renewers = [], maxLifetimeMs = -1 } = options
  return core.retry(async () => {
    const connection = await core.anyConnection()
    const hasOwner = connection.versionOf(createDelegationToken) >= OWNER_VERSION
    if (owner !== undefined && !hasOwner)
      throw new UnsupportedVersionError('the broker is too old to make tokens for another owner')
    const answer = await connection.send(createDelegationToken, {
      ...(hasOwner && { ownerPrincipalType: owner?.type ?? null, ownerPrincipalName: owner?.name ?? null }),
      renewers: fieldsOf(renewers),
      maxLifetimeMs,
    })
    throwIfFailed(answer.errorCode)
    const { tokenId, hmac, issueTimestampMs, expiryTimestampMs, maxTimestampMs } = answer
    const people = { ...principalsOf(answer, hasOwner), renewers }
    return {
      tokenId,
      ...people,
      issueTimestampMs,
      expiryTimestampMs,
      maxTimestampMs,
      hmac: Buffer.from(hmac),
    }
  })
}

/** Gives the new time of expiry; -1 renews for as long as the broker likes. */
export async function renew(core: ClientCore, hmac: Uint8Array, renewPeriodMs: number): Promise<number> {
  return core.retry(async () => {
    const answer = await core.sendToAny(renewDelegationToken, { hmac: Buffer.from(hmac), renewPeriodMs })
    throwIfFailed(answer.errorCode)
    return answer.expiryTimestampMs
  })
}

/** Gives the time of expiry; -1 ends the token at once. */
export async function expire(
  core: ClientCore,
  hmac: Uint8Array,
  expiryTimePeriodMs: number,
): Promise<number> {
  return core.retry(async () => {
    const request = { hmac: Buffer.from(hmac), expiryTimePeriodMs }
    const answer = await core.sendToAny(expireDelegationToken, request)
    throwIfFailed(answer.errorCode)
    return answer.expiryTimestampMs
  })
}

/** Of the owners, or all that whoever asks may see (null). */
export async function describe(
  core: ClientCore,
  owners: readonly Principal[] | null,
): Promise<DelegationToken[]> {
  return core.retry(async () => {
    const connection = await core.anyConnection()
    const hasOwner = connection.versionOf(describeDelegationToken) >= OWNER_VERSION
    const answer = await connection.send(describeDelegationToken, { owners: owners && fieldsOf(owners) })
    throwIfFailed(answer.errorCode)
    return answer.tokens.map((token) => ({
      tokenId: token.tokenId,
      ...principalsOf(token, hasOwner),
      renewers: token.renewers.map(({ principalType, principalName }) => ({
        type: principalType,
        name: principalName,
      })),
      issueTimestampMs: token.issueTimestamp,
      expiryTimestampMs: token.expiryTimestamp,
      maxTimestampMs: token.maxTimestamp,
      hmac: Buffer.from(token.hmac),
    }))
  })
}

function throwIfFailed(errorCode: number): void {
  const error = itemError(errorCode, null)
  if (error !== null) throw error
}

function fieldsOf(principals: readonly Principal[]) {
  return principals.map(({ type, name }) => ({ principalType: type, principalName: name }))
}

function principalsOf(
  token: {
    principalType: string
    principalName: string
    tokenRequesterPrincipalType: string
    tokenRequesterPrincipalName: string
  },
  hasRequester: boolean,
) {
  const owner = { type: token.principalType, name: token.principalName }
  const requester = { type: token.tokenRequesterPrincipalType, name: token.tokenRequesterPrincipalName }
  return { owner, requester: hasRequester ? requester : owner }
}

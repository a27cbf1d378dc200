import { pbkdf2 } from 'node:crypto'
import { promisify } from 'node:util'
import { ERROR_CODES } from '../../protocol/index.ts'
import { describeUserScramCredentials } from '../../protocol/messages/50-describe-user-scram-credentials.ts'
import { alterUserScramCredentials } from '../../protocol/messages/51-alter-user-scram-credentials.ts'
import type { ClientCore } from '../core.ts'
import { BrokerError } from '../net/index.ts'
import { type ItemResult, itemError } from './results.ts'
import { askController, throwIfNotController } from './topics.ts'

export type ScramMechanism = 'SCRAM-SHA-256' | 'SCRAM-SHA-512'

export interface UserScramCredentials extends ItemResult {
  readonly credentials: readonly { readonly mechanism: ScramMechanism | null; readonly iterations: number }[]
}

/** `set` makes or replaces a credential. The password stays here: brokers get it salted and hashed (KIP-554). */
export type ScramAlteration =
  | {
      readonly op: 'set'
      readonly user: string
      readonly mechanism: ScramMechanism
      readonly password: string | Uint8Array
      /** At least 4096, which is the default. */
      readonly iterations?: number
      readonly salt?: Uint8Array
    }
  | { readonly op: 'delete'; readonly user: string; readonly mechanism: ScramMechanism }

const MECHANISMS = {
  'SCRAM-SHA-256': { code: 1, digest: 'sha256', sizeBytes: 32 },
  'SCRAM-SHA-512': { code: 2, digest: 'sha512', sizeBytes: 64 },
} as const
const DEFAULT_ITERATIONS = 4096
const SALT_BYTES = 16

/** Of the named users, or of all (null). */
export async function describe(
  core: ClientCore,
  users: readonly string[] | null,
): Promise<UserScramCredentials[]> {
  return core.retry(async () => {
    const request = { users: users?.map((name) => ({ name })) ?? null }
    const response = await core.sendToAny(describeUserScramCredentials, request)
    const error = itemError(response.errorCode, response.errorMessage)
    if (error !== null) throw error
    return response.results.map(({ user, errorCode, errorMessage, credentialInfos }) => ({
      name: user,
      error: itemError(errorCode, errorMessage),
      credentials: credentialInfos.map(({ mechanism, iterations }) => ({
        mechanism: nameOf(mechanism),
        iterations,
      })),
    }))
  })
}

/** One result for each user. */
export async function alter(
  core: ClientCore,
  alterations: readonly ScramAlteration[],
): Promise<ItemResult[]> {
  const isEmpty = (each: ScramAlteration) => each.op === 'set' && each.password.length === 0
  const refused = new Set(alterations.filter(isEmpty).map(({ user }) => user))
  const sent = alterations.filter(({ user }) => !refused.has(user))
  const upsertions = await Promise.all(
    sent.flatMap((each) => (each.op === 'set' ? [upsertionOf(core, each)] : [])),
  )
  const deletions = sent.flatMap(({ op, user, mechanism }) =>
    op === 'delete' ? [{ name: user, mechanism: MECHANISMS[mechanism].code }] : [],
  )
  const error = new BrokerError(ERROR_CODES.UNACCEPTABLE_CREDENTIAL, 'the password is empty')
  const results = [...refused].map((name): ItemResult => ({ name, error }))
  if (sent.length === 0) return results
  const answered = await askController(core, async (connection) => {
    const response = await connection.send(alterUserScramCredentials, { deletions, upsertions })
    throwIfNotController(response.results.map(({ errorCode }) => errorCode))
    return response.results.map(({ user, errorCode, errorMessage }) => ({
      name: user,
      error: itemError(errorCode, errorMessage),
    }))
  })
  return [...results, ...answered]
}

async function upsertionOf(core: ClientCore, alteration: Extract<ScramAlteration, { op: 'set' }>) {
  const { user, mechanism, password, iterations = DEFAULT_ITERATIONS } = alteration
  const { code, digest, sizeBytes } = MECHANISMS[mechanism]
  const salt = Buffer.from(alteration.salt ?? core.options.random.bytes(SALT_BYTES))
  // The broker says what is wrong with a number of iterations that cannot be.
  const rounds = Math.max(1, iterations)
  const saltedPassword = await promisify(pbkdf2)(password, salt, rounds, sizeBytes, digest)
  return { name: user, mechanism: code, iterations, salt, saltedPassword }
}

function nameOf(code: number): ScramMechanism | null {
  if (code === MECHANISMS['SCRAM-SHA-256'].code) return 'SCRAM-SHA-256'
  return code === MECHANISMS['SCRAM-SHA-512'].code ? 'SCRAM-SHA-512' : null
}

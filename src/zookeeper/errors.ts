import { KcliError } from '../base/errors.ts'

/** Every code of org.apache.zookeeper.KeeperException.Code in 3.8, by its name without OK. */
export const ZOOKEEPER_ERROR_CODES = {
  SYSTEMERROR: -1,
  RUNTIMEINCONSISTENCY: -2,
  DATAINCONSISTENCY: -3,
  CONNECTIONLOSS: -4,
  MARSHALLINGERROR: -5,
  UNIMPLEMENTED: -6,
  OPERATIONTIMEOUT: -7,
  BADARGUMENTS: -8,
  UNKNOWNSESSION: -12,
  NEWCONFIGNOQUORUM: -13,
  RECONFIGINPROGRESS: -14,
  APIERROR: -100,
  NONODE: -101,
  NOAUTH: -102,
  BADVERSION: -103,
  NOCHILDRENFOREPHEMERALS: -108,
  NODEEXISTS: -110,
  NOTEMPTY: -111,
  SESSIONEXPIRED: -112,
  INVALIDCALLBACK: -113,
  INVALIDACL: -114,
  AUTHFAILED: -115,
  SESSIONMOVED: -118,
  NOTREADONLY: -119,
  EPHEMERALONLOCALSESSION: -120,
  NOWATCHER: -121,
  REQUESTTIMEOUT: -122,
  RECONFIGDISABLED: -123,
  SESSIONCLOSEDREQUIRESASLAUTH: -124,
  QUOTAEXCEEDED: -125,
  THROTTLEDOP: -127,
} as const

export type ZooKeeperErrorName = keyof typeof ZOOKEEPER_ERROR_CODES

/** An answer of the coordination service that is not OK. */
export class ZooKeeperError extends KcliError {
  readonly zkCode: ZooKeeperErrorName
  /** The node it is about, if one was named. */
  readonly path: string | undefined

  constructor(
    zkCode: ZooKeeperErrorName,
    path?: string,
    options: { message?: string; cause?: unknown } = {},
  ) {
    const text = options.message ?? (path === undefined ? zkCode : `${zkCode} for ${path}`)
    super(
      `KCLI_ZOOKEEPER_${zkCode}`,
      `ZooKeeper: ${text}`,
      options.cause === undefined ? {} : { cause: options.cause },
    )
    this.zkCode = zkCode
    this.path = path
  }

  get numericCode(): number {
    return ZOOKEEPER_ERROR_CODES[this.zkCode]
  }
}

const NAMES_BY_CODE: ReadonlyMap<number, ZooKeeperErrorName> = new Map(
  Object.entries(ZOOKEEPER_ERROR_CODES).map(([name, code]) => [code, name as ZooKeeperErrorName]),
)

/** A code that is not known is a SYSTEMERROR. */
export function errorNameOf(code: number): ZooKeeperErrorName | 'OK' {
  return code === 0 ? 'OK' : (NAMES_BY_CODE.get(code) ?? 'SYSTEMERROR')
}

export function errorOfCode(code: number, path: string | undefined): ZooKeeperError {
  const name = errorNameOf(code)
  return new ZooKeeperError(name === 'OK' ? 'SYSTEMERROR' : name, path)
}

/** True for a ZooKeeper error with one of these codes: `isZooKeeperError(error, 'NONODE')`; with none given, for any. */
export function isZooKeeperError(error: unknown, ...codes: ZooKeeperErrorName[]): error is ZooKeeperError {
  return error instanceof ZooKeeperError && (codes.length === 0 || codes.includes(error.zkCode))
}

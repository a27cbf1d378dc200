import { KcliError, systemErrorCode } from '../../base/errors.ts'
import { isZooKeeperError, type ZooKeeperErrorName } from '../../zookeeper/index.ts'

/** The command cannot be understood: its text alone goes to stderr, and the exit code is 1. */
export class ZkUsageError extends KcliError {
  constructor(message: string) {
    super('KCLI_ZK_USAGE', message)
  }
}

/** No such command; exit code 127. */
export class UnknownCommandError extends KcliError {
  readonly command: string

  constructor(command: string) {
    super('KCLI_ZK_COMMAND', `Command not found: Command not found ${command}`)
    this.command = command
  }
}

/** org.apache.zookeeper.cli.CliWrapperException: what stands before the path. */
const TEXTS: Partial<Record<ZooKeeperErrorName, string>> = {
  NONODE: 'Node does not exist: ',
  NODEEXISTS: 'Node already exists: ',
  NOTEMPTY: 'Node not empty: ',
  NOCHILDRENFOREPHEMERALS: 'Ephemerals cannot have children: ',
  NOTREADONLY: 'Not a read-only call: ',
  INVALIDACL: 'Acl is not valid : ',
  NOAUTH: 'Insufficient permission : ',
  BADARGUMENTS: 'Arguments are not valid : ',
  BADVERSION: 'version No is not valid : ',
  QUOTAEXCEEDED: 'Quota has exceeded : ',
}

/** Java's names of the others, for `KeeperErrorCode = …` (KeeperException.getCodeMessage). */
const CODE_NAMES: Partial<Record<ZooKeeperErrorName, string>> = {
  SYSTEMERROR: 'SystemError',
  RUNTIMEINCONSISTENCY: 'RuntimeInconsistency',
  DATAINCONSISTENCY: 'DataInconsistency',
  CONNECTIONLOSS: 'ConnectionLoss',
  MARSHALLINGERROR: 'MarshallingError',
  UNIMPLEMENTED: 'Unimplemented',
  OPERATIONTIMEOUT: 'OperationTimeout',
  APIERROR: 'APIError',
  SESSIONEXPIRED: 'Session expired',
  AUTHFAILED: 'AuthFailed',
  SESSIONMOVED: 'Session moved',
  NOWATCHER: 'No such watcher',
  RECONFIGDISABLED: 'Reconfig is disabled',
}

/** What zkCli would say. Undefined for an error that is none of ZooKeeper's. */
export function zkErrorText(error: unknown): string | undefined {
  if (!isZooKeeperError(error)) return undefined
  const text = TEXTS[error.zkCode]
  if (text !== undefined) return text + (error.path ?? 'null')
  const name = CODE_NAMES[error.zkCode] ?? error.zkCode
  return `KeeperErrorCode = ${name}${error.path === undefined ? '' : ` for ${error.path}`}`
}

/** The words of org.apache.zookeeper.common.PathUtils; undefined for a path that is one. */
export function pathProblemText(path: string): string | undefined {
  if (path === '') return 'Path length must be > 0'
  if (!path.startsWith('/')) return 'Path must start with / character'
  if (path === '/') return undefined
  if (path.endsWith('/')) return 'Path must not end with / character'
  const names = path.slice(1).split('/')
  let at = 0
  for (const name of names) {
    at += name.length + 1
    const reason = nameProblem(name)
    if (reason !== undefined) {
      const position = reason.startsWith('empty') ? at : at - (reason.startsWith('relative') ? 1 : 0)
      return `Invalid path string "${path}" caused by ${reason} @${position}`
    }
  }
  return undefined
}

function nameProblem(name: string): string | undefined {
  if (name === '') return 'empty node name specified'
  if (name === '.' || name === '..') return 'relative paths not allowed'
  return undefined
}

/** The shell goes on after it: the server cannot be reached, a file is not there, something in the command is wrong. */
export function isContinuable(error: unknown): boolean {
  return error instanceof KcliError || systemErrorCode(error) !== undefined
}

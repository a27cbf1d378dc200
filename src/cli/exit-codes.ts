import { KcliError } from '../base/errors.ts'

/** What every command may end with. Scripts rely on these numbers; they never change. */
export const EXIT = {
  done: 0,
  /** Something failed; one item of many is enough. */
  failed: 1,
  /** The command line, or a property, makes no sense. */
  usage: 2,
  /** The target could not be reached, or did not answer in time. */
  unreachable: 3,
  /** Ctrl-C. */
  interrupted: 130,
  /** SIGHUP: the terminal went away. */
  hungUp: 129,
  /** SIGTERM. */
  terminated: 143,
} as const

/** The command line makes no sense: exit code 2. */
export class UsageError extends KcliError {
  constructor(message: string, hint = 'Add --help to see what the command takes.') {
    super('KCLI_USAGE', message, { hint })
  }
}

/** The user interrupted the command: exit code 130, nothing printed. */
export class InterruptedError extends KcliError {
  readonly exitCode: number

  constructor(exitCode: number | undefined) {
    super('KCLI_INTERRUPTED', 'interrupted')
    this.exitCode = exitCode ?? EXIT.interrupted
  }
}

const UNREACHABLE_CODE = /(UNREACHABLE|TIMEOUT|NETWORK)/
const UNREACHABLE_SYSTEM = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
])

/** Maps anything that was thrown to the code the process ends with. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof InterruptedError) return error.exitCode
  if (!(error instanceof Error)) return EXIT.failed
  const oclifExit = oclifExitCode(error)
  if (oclifExit !== undefined) return oclifExit
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (code === 'KCLI_USAGE' || code === 'KCLI_CONFIG') return EXIT.usage
  if (UNREACHABLE_SYSTEM.has(code)) return EXIT.unreachable
  if (code.startsWith('KCLI_') && UNREACHABLE_CODE.test(code)) return EXIT.unreachable
  return EXIT.failed
}

/** Oclif's parser errors carry 2 already; its "command not found" is 127, which is wrong usage here. */
function oclifExitCode(error: Error): number | undefined {
  if (!('oclif' in error) || typeof error.oclif !== 'object' || error.oclif === null) return undefined
  const exit = 'exit' in error.oclif ? error.oclif.exit : undefined
  if (typeof exit !== 'number') return undefined
  return exit === 127 ? EXIT.usage : exit
}

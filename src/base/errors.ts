/**
 * The root of every error that kcli throws on purpose.
 * `code` is stable and starts with `KCLI_`; `hint` says what to do next, in one sentence; `retriable`: the same call may
 * succeed later.
 */
export class KcliError extends Error {
  readonly code: string
  readonly hint: string | undefined
  readonly retriable: boolean

  constructor(
    code: string,
    message: string,
    options: { hint?: string; cause?: unknown; retriable?: boolean } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = new.target.name
    this.code = code
    this.hint = options.hint
    this.retriable = options.retriable ?? false
  }
}

/**
 * The POSIX code (`ENOENT`, `ENOSPC`, …) of a file or socket error, or undefined: our own errors have codes too, and so
 * have those that Node throws at a wrong argument (`ERR_…`), and neither says anything of a disk or a network.
 */
export function systemErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || error instanceof KcliError) return undefined
  if (!('code' in error) || typeof error.code !== 'string' || error.code.startsWith('ERR_')) return undefined
  return error.code
}

/** The message of anything that was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

const FILE_PROBLEMS: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file or folder',
  EISDIR: 'it is a folder',
  ENOTDIR: 'a part of its path is no folder',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'the disk is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EMFILE: 'too many files are open',
}

/** Why a file could not be read or written, in words; the message of anything else. The caller names the file. */
export function fileProblem(error: unknown): string {
  return FILE_PROBLEMS[systemErrorCode(error) ?? ''] ?? messageOf(error)
}

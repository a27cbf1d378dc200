import { fileProblem, KcliError, messageOf, systemErrorCode } from '../base/errors.ts'
import { exitCodeOf, InterruptedError } from './exit-codes.ts'

/** What failed, why, and what to do next: one or two lines. With `debug` the stack and the causes follow. */
export function formatError(error: unknown, options: { debug: boolean }): string {
  if (error instanceof InterruptedError) return ''
  const lines = [`kcli: ${describe(error)}`]
  const hint = hintOf(error)
  if (hint !== undefined) lines.push(hint)
  if (options.debug) lines.push('', ...stacks(error))
  return `${lines.join('\n')}\n`
}

/** The error as data, for `--json`. */
export function errorData(error: unknown): unknown {
  const code = error instanceof KcliError ? error.code : (systemErrorCode(error) ?? 'KCLI_ERROR')
  const hint = hintOf(error)
  return {
    error: {
      code,
      message: describe(error),
      ...(hint !== undefined && { hint }),
      exitCode: exitCodeOf(error),
    },
  }
}

function describe(error: unknown): string {
  const text =
    fileText(error) ??
    messageOf(error)
      .replace(/\n?See more help with --help/g, '')
      .replace(/^Parsing (--\S+)\s*\n\s*/, '$1: ')
      .replace(/\s*\n\s*/g, ' ')
      .trim()
  return text === '' ? 'failed for a reason it does not tell (run again with --debug)' : text
}

/** Node's words for a file, without its codes and calls. */
function fileText(error: unknown): string | undefined {
  const problem = fileProblem(error)
  if (!(error instanceof Error) || problem === error.message || !('path' in error)) return undefined
  return `${error.path}: ${problem}`
}

/** The clients say what the connection failed with, as a cause of a cause. */
function connectionHint(error: KcliError): string | undefined {
  if (error.code !== 'KCLI_UNREACHABLE') return undefined
  const codes: string[] = []
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    const code = systemErrorCode(at)
    if (code !== undefined) codes.push(code)
    else if (at instanceof KcliError && at.code === 'KCLI_REQUEST_TIMEOUT') codes.push('SILENT')
    else if (at instanceof KcliError && at.code === 'KCLI_NETWORK' && at.message.endsWith('was lost'))
      codes.push('HUNG_UP')
  }
  const [hint] = codes.flatMap((code) => CONNECTION_HINTS[code] ?? [])
  return hint
}

const CONNECTION_HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nothing listens there: check the address and that the cluster runs.',
  ENOTFOUND: 'There is no host of that name: check the address.',
  EAI_AGAIN: 'The name cannot be looked up at the moment: check the address and the network.',
  HUNG_UP:
    "Whatever listens there hung up: check that it is a broker's port, not ZooKeeper's, and that the cluster runs.",
  SILENT:
    'Something listens there that does not answer as Kafka does: check the port and that the cluster runs.',
}

function hintOf(error: unknown): string | undefined {
  if (error instanceof KcliError) return connectionHint(error) ?? error.hint
  if (exitCodeOf(error) === 2) return 'Add --help to see what the command takes.'
  switch (systemErrorCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'Check who owns the file or folder, or name another one with --data-dir.'
    case 'ENOENT':
    case 'EISDIR':
    case 'ENOTDIR':
      return 'Check the name.'
    case 'ENOSPC':
      return 'Free some space on the disk and run the command again.'
    case 'EROFS':
      return 'The disk is read-only: name a folder on another one with --data-dir.'
    default:
      // A mistake of ours: the stack is what helps, and only --debug shows it.
      return error instanceof Error && systemErrorCode(error) === undefined && !('oclif' in error)
        ? 'This is probably a bug in kcli: run again with --debug to see where it happened.'
        : undefined
  }
}

function stacks(error: unknown): string[] {
  const lines: string[] = []
  for (let at = error, depth = 0; at instanceof Error && depth < 8; at = at.cause, depth++) {
    lines.push(`${depth === 0 ? '' : 'caused by: '}${at.stack ?? at.message}`)
  }
  return lines
}

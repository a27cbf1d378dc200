import { KcliError, messageOf, systemErrorCode } from '../base/errors.ts'
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
  const text = messageOf(error)
    .replace(/\n?See more help with --help/g, '')
    .replace(/^Parsing (--\S+)\s*\n\s*/, '$1: ')
    .replace(/\s*\n\s*/g, ' ')
    .trim()
  return text === '' ? 'failed for a reason it does not tell (run again with --debug)' : text
}

function hintOf(error: unknown): string | undefined {
  if (error instanceof KcliError) return error.hint
  if (exitCodeOf(error) === 2) return 'Add --help to see what the command takes.'
  switch (systemErrorCode(error)) {
    case 'EACCES':
    case 'EPERM':
      return 'Check who owns the file or folder, or name another one with --data-dir.'
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

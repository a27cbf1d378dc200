import type { Logger } from '../base/logger.ts'
import type { CommandContext } from './context.ts'

/** Warnings and errors always; the rest with --verbose. All of it on stderr. */
export function serverLogger(context: CommandContext, verbose: boolean): Logger {
  const write = (level: string, message: string) => {
    context.out.note(`${new Date(context.clock.nowMs()).toISOString()} ${level} ${message}`)
  }
  const ignore = () => undefined
  const withCause = (message: string, error: unknown) =>
    error === undefined ? message : `${message}: ${error instanceof Error ? error.message : String(error)}`
  return {
    debug: ignore,
    info: verbose ? (message) => write('INFO', message) : ignore,
    warn: (message) => write('WARN', message),
    error: (message, error) => write('ERROR', withCause(message, error)),
  }
}

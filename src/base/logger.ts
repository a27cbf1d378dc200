/** Where a server says what it does. Rooms get one; they never write to stdout or stderr themselves. */
export interface Logger {
  debug(message: string): void
  info(message: string): void
  warn(message: string): void
  error(message: string, error?: unknown): void
}

const ignore = () => undefined

export const silentLogger: Logger = { debug: ignore, info: ignore, warn: ignore, error: ignore }

/** Puts `[prefix] ` before every message, as in `[broker 1] `. */
export function prefixedLogger(logger: Logger, prefix: string): Logger {
  return {
    debug: (message) => logger.debug(`[${prefix}] ${message}`),
    info: (message) => logger.info(`[${prefix}] ${message}`),
    warn: (message) => logger.warn(`[${prefix}] ${message}`),
    error: (message, error) => logger.error(`[${prefix}] ${message}`, error),
  }
}

import { ConfigError } from '../base/config-def.ts'
import { messageOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'

/** Objects that see records pass (KIP-42), one after the other. What they throw is logged, and goes no further. */
export class Interceptors<I extends { close?(): void }> {
  private readonly interceptors: readonly I[]
  private readonly logger: Logger

  constructor(interceptors: readonly I[], logger: Logger) {
    this.interceptors = interceptors
    this.logger = logger
  }

  get isEmpty(): boolean {
    return this.interceptors.length === 0
  }

  /** Each is given what the one before has made of it; one that throws has made nothing. */
  pass<T>(value: T, method: string, call: (interceptor: I, value: T) => T | undefined): T {
    let passed = value
    for (const interceptor of this.interceptors) {
      try {
        passed = call(interceptor, passed) ?? passed
      } catch (error) {
        this.warn(method, error)
      }
    }
    return passed
  }

  tell(method: string, call: (interceptor: I) => void): void {
    this.pass(undefined, method, call as (interceptor: I) => undefined)
  }

  close(): void {
    this.tell('close', (interceptor) => interceptor.close?.())
  }

  private warn(method: string, error: unknown): void {
    this.logger.warn(`an interceptor failed in ${method}: ${messageOf(error)}`)
  }
}

/** Of interceptor.classes, which name Java classes in Kafka and are objects here. Throws {@link ConfigError}. */
export function interceptorsOf<I extends object>(given: unknown): readonly I[] {
  if (given === undefined || given === '') return []
  const list = Array.isArray(given) ? given : [given]
  const wrong = list.find((each) => typeof each !== 'object' || each === null)
  if (wrong === undefined) return list as I[]
  throw new ConfigError(`Invalid value ${String(wrong)} for configuration interceptor.classes`, {
    hint: 'An interceptor is an object with the methods that it has something to do in.',
  })
}

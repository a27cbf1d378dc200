import type { Clock } from '../../../base/clock.ts'
import type { Address } from '../../../base/network.ts'
import {
  type ClientOptions,
  Connection,
  RequestTimeoutError,
  UnsupportedVersionError,
} from '../../../client/index.ts'

export interface BrokerLinesOptions extends Pick<ClientOptions, 'network' | 'clock' | 'clientId'> {
  readonly observer?: ClientOptions['observer'] | undefined
  /** How long a broker has for an answer. */
  readonly patienceMs: number
  /** Whether who did not answer is left alone for a while; else the next question is a new try. */
  readonly pauses: boolean
}

interface Line {
  connection: Promise<Connection> | undefined
  failures: number
  /** Before this it is not tried again. */
  retryAtMs: number
}

/** Who refuses is asked again soon: that costs nobody anything. */
const FIRST_PAUSE_MS = 250
const MAX_PAUSE_MS = 2_000
/** Who is silent has kept us waiting. */
const PAUSE_AFTER_SILENCE_MS = 10_000

/**
 * A connection to each broker, for those who look again and again: no broker keeps them waiting for long.
 */
export class BrokerLines {
  private readonly options: BrokerLinesOptions
  private readonly lines = new Map<string, Line>()
  private isClosed = false

  constructor(options: BrokerLinesOptions) {
    this.options = options
  }

  close(): void {
    this.isClosed = true
    for (const { connection } of this.lines.values()) hangUp(connection)
    this.lines.clear()
  }

  /** Undefined when there is no answer in time. */
  async ask<T>(address: Address, question: (connection: Connection) => Promise<T>): Promise<T | undefined> {
    const { clock, pauses } = this.options
    const line = this.lineTo(address)
    if (this.isClosed || clock.monotonicMs() < line.retryAtMs) return undefined
    line.connection ??= this.open(address)
    const { connection } = line
    try {
      const answer = await within(clock, this.options.patienceMs, connection.then(question))
      line.failures = 0
      return answer
    } catch (error) {
      // It did answer once, and said what it serves.
      if (error instanceof UnsupportedVersionError) return undefined
      // Other questions of the same moment fail with it, and count once.
      if (line.connection === connection) {
        line.connection = undefined
        if (pauses) line.retryAtMs = clock.monotonicMs() + pauseMs(error, line.failures++)
        hangUp(connection)
      }
      return undefined
    }
  }

  private lineTo(address: Address): Line {
    // Not what messages call it: all brokers of a data directory have one name.
    const key = JSON.stringify(address)
    let line = this.lines.get(key)
    if (line === undefined) {
      line = { connection: undefined, failures: 0, retryAtMs: 0 }
      this.lines.set(key, line)
    }
    return line
  }

  private open(address: Address): Promise<Connection> {
    const { network, clock, clientId = 'kcli', observer, patienceMs: timeoutMs } = this.options
    const times = { connectTimeoutMs: timeoutMs, requestTimeoutMs: timeoutMs }
    return Connection.open(network, address, { clock, clientId, observer, ...times })
  }
}

/** Nothing came in time. */
class SilenceError extends Error {}

function pauseMs(error: unknown, failures: number): number {
  if (error instanceof SilenceError || error instanceof RequestTimeoutError) return PAUSE_AFTER_SILENCE_MS
  return Math.min(MAX_PAUSE_MS, FIRST_PAUSE_MS * 2 ** failures)
}

/** The work, or a rejection when it takes longer. */
function within<T>(clock: Clock, timeoutMs: number, work: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(timeoutMs, () =>
      reject(new SilenceError(`no answer within ${timeoutMs} ms`)),
    )
    work.then(resolve, reject).finally(() => timer.cancel())
  })
}

function hangUp(connection: Promise<Connection> | undefined): void {
  connection?.then(
    (open) => open.close(),
    () => undefined,
  )
}

import { type Clock, sleep } from '../base/clock.ts'
import { messageOf } from '../base/errors.ts'
import type { Logger } from '../base/logger.ts'
import type { Connection } from '../client/net/index.ts'
import { ERROR_CODES, errorInfo } from '../protocol/index.ts'
import { controlledShutdown } from '../protocol/messages/07-controlled-shutdown.ts'

export interface ControlledShutdownOptions {
  readonly brokerId: number
  readonly brokerEpoch: number
  readonly clock: Clock
  readonly logger: Logger
  /** controlled.shutdown.max.retries */
  readonly attempts: number
  /** controlled.shutdown.retry.backoff.ms */
  readonly backoffMs: number
  /** Whether no other broker is there that could take over. */
  readonly isAlone: () => boolean
  /** A new connection to the controller; rejects when there is none. */
  readonly connect: () => Promise<Connection>
}

const ALONE_CHECK_MS = 100

/**
 * Asks the controller to move this broker's leaderships away (KafkaServer.controlledShutdown). Resolves to false when it
 * would not or could not: the broker then goes all the same.
 */
export async function requestControlledShutdown(options: ControlledShutdownOptions): Promise<boolean> {
  const { logger, attempts } = options
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const problem = await attemptOnce(options)
    if (problem === null) return true
    logger.info(`controlled shutdown, attempt ${attempt} of ${attempts}: ${problem}`)
    if (attempt < attempts) await pause(options)
    // Where Kafka goes on asking: a cluster that is stopped as a whole need not wait.
    if (options.isAlone()) {
      logger.info('no other broker is left to take over')
      return false
    }
  }
  logger.warn('all attempts at a controlled shutdown failed, going without')
  return false
}

/** Shorter when the others go meanwhile. */
async function pause({ clock, backoffMs, isAlone }: ControlledShutdownOptions): Promise<void> {
  const untilMs = clock.monotonicMs() + backoffMs
  while (clock.monotonicMs() < untilMs && !isAlone()) await sleep(clock, Math.min(backoffMs, ALONE_CHECK_MS))
}

async function attemptOnce(options: ControlledShutdownOptions): Promise<string | null> {
  const { brokerId, brokerEpoch } = options
  let connection: Connection | undefined
  try {
    connection = await options.connect()
    const response = await connection.send(controlledShutdown, { brokerId, brokerEpoch })
    if (response.errorCode !== ERROR_CODES.NONE) return errorInfo(response.errorCode).name
    const left = response.remainingPartitions.length
    return left === 0 ? null : `${left} partitions remain to be moved`
  } catch (error) {
    return messageOf(error)
  } finally {
    connection?.close()
  }
}

import { KcliError } from '../base/errors.ts'

/** A server.properties that no broker can run with; in Kafka's words where Kafka refuses it too. */
export class BrokerConfigError extends KcliError {
  constructor(message: string, options: { hint?: string; cause?: unknown } = {}) {
    super('KCLI_BROKER_CONFIG', message, options)
  }
}

import { KcliError } from '../base/errors.ts'

/** A server.properties that no broker can run with; in Kafka's words where Kafka refuses it too. */
export class BrokerConfigError extends KcliError {
  /** Kafka checks it with `require`: on the wire it says so before the text. */
  readonly isRequirement: boolean

  constructor(message: string, options: { hint?: string; cause?: unknown; isRequirement?: boolean } = {}) {
    super('KCLI_BROKER_CONFIG', message, options)
    this.isRequirement = options.isRequirement ?? false
  }
}

import {
  type AdminProperties,
  adminSettings,
  Admin as ClientAdmin,
  type ItemResult,
} from '../client/index.ts'
import {
  type Closable,
  clientOptions,
  connectionOf,
  type LibraryOptions,
  requireOptions,
} from './connection.ts'

/** Kafka's admin configurations, by their names or in camelCase. */
export interface AdminOptions extends LibraryOptions, Omit<AdminProperties, `bootstrap${string}`> {}

/**
 * Administration of a cluster, as Kafka's AdminClient does it. Calls about many items answer for each of them: what could
 * not be done has an `error`, which {@link requireAll} throws. They reject only when nobody answers.
 */
export class Admin extends ClientAdmin {
  private readonly clients: Set<Closable>

  /** Throws a ConfigError for a configuration that Kafka would refuse, and for what kcli cannot do. */
  constructor(options: AdminOptions) {
    const { ports, properties, clients } = connectionOf(requireOptions(options))
    super(clientOptions(adminSettings(properties).client, ports))
    this.clients = clients.add(this)
  }

  override close(): Promise<void> {
    this.clients.delete(this)
    return super.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close()
  }
}

/** Gives the results of a call about many items back, or throws the first error among them. */
export function requireAll<R extends Pick<ItemResult, 'error'>>(results: readonly R[]): readonly R[] {
  for (const { error } of results) if (error !== null) throw error
  return results
}

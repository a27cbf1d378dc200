import type { Logger } from '../base/logger.ts'
import type { LocalTarget } from '../cluster/index.ts'
import { ClusterClients } from './cluster-clients.ts'
import { diskPorts } from './running-cluster.ts'

/** Which data directory is opened. */
export interface OpenClusterOptions {
  /** Made when it is not there, for three brokers. */
  readonly directory: string
  /** Where the brokers say what they do, while this process runs them; nowhere by default. */
  readonly logger?: Logger
}

/**
 * Opens the cluster of a data directory as kcli's commands do: any number of processes may use it at the same time. One of
 * them runs the brokers, the others reach them through the directory, and when that one ends, another takes over. Nothing
 * is started before the first call of a client.
 */
export function openCluster(options: OpenClusterOptions): Promise<LocalCluster> {
  return LocalCluster.open(options)
}

/** The cluster of a data directory, whoever runs it, as {@link openCluster} gives it. */
export class LocalCluster extends ClusterClients {
  private readonly target: LocalTarget

  /** The same as {@link openCluster}. */
  static async open({ directory, logger }: OpenClusterOptions): Promise<LocalCluster> {
    const { openLocalTarget } = await import('../cluster/index.ts')
    return new this(openLocalTarget(await diskPorts(logger), directory))
  }

  private constructor(target: LocalTarget) {
    const { bootstrap, network, clock, random, resolver } = target.clientOptions
    super({ bootstrap, network, clock, random, ...(resolver && { resolver }) })
    this.target = target
  }

  /** Whether this process runs the brokers at the moment. */
  get isHost(): boolean {
    return this.target.isHost
  }

  protected override stop(): Promise<void> {
    return this.target.close()
  }
}

import {
  isZooKeeperError,
  type Op,
  type OpResult,
  type Stat,
  type Watcher,
  type ZooKeeperClient,
  type ZooKeeperError,
  ZooKeeperMultiError,
} from '../../zookeeper/index.ts'
import { ControllerMovedError } from './controller-moved-error.ts'
import type { ZkSession } from './zk-session.ts'
import { controllerEpochZnode } from './znodes.ts'

export interface Znode {
  readonly data: Buffer | null
  readonly stat: Stat
}

/** What says that the whole batch has to be repeated, or given up, is thrown. */
function nullOrError(error: unknown): null | ZooKeeperError {
  if (isZooKeeperError(error, 'NONODE')) return null
  if (!isZooKeeperError(error) || isZooKeeperError(error, 'CONNECTIONLOSS', 'SESSIONEXPIRED')) throw error
  return error
}

/** The few kinds of requests that everything in {@link KafkaZkClient} is made of. */
export class ZkRequests {
  protected readonly session: ZkSession

  constructor(session: ZkSession) {
    this.session = session
  }

  protected run<T>(request: (client: ZooKeeperClient) => Promise<T>): Promise<T> {
    return this.session.run(request)
  }

  /** The results start with that of the check. */
  protected async asController(epochZkVersion: number, ops: readonly Op[]): Promise<OpResult[]> {
    const check: Op = { type: 'check', path: controllerEpochZnode.path, version: epochZkVersion }
    try {
      return await this.run((zk) => zk.multi([check, ...ops]))
    } catch (error) {
      if (error instanceof ZooKeeperMultiError && error.failedIndex === 0) {
        throw new ControllerMovedError(
          `another broker has become the controller: ${controllerEpochZnode.path} is not of version ${epochZkVersion} any more`,
        )
      }
      throw error
    }
  }

  protected async deleteAsController(paths: readonly string[], epochZkVersion: number): Promise<void> {
    await Promise.all(
      paths.map(async (path) => {
        try {
          await this.asController(epochZkVersion, [{ type: 'delete', path }])
        } catch (error) {
          if (!isZooKeeperError(error, 'NONODE')) throw error
        }
      }),
    )
  }

  /** `onChange` is called once when the node comes, changes or goes. */
  protected async exists(path: string, onChange?: Watcher): Promise<boolean> {
    return (await this.run((zk) => zk.exists(path, onChange))) !== null
  }

  protected async read(path: string, onUpdate?: Watcher): Promise<Znode | null> {
    try {
      return await this.run((zk) => zk.getData(path, onUpdate))
    } catch (error) {
      if (isZooKeeperError(error, 'NONODE')) return null
      throw error
    }
  }

  /** Many at once, without the cost of a request of its own for each; null where there is no node. */
  protected async readAll(
    paths: readonly string[],
    onUpdate?: Watcher,
  ): Promise<(Znode | null | ZooKeeperError)[]> {
    const nodes = await this.run((zk) => zk.getDataOfAll(paths, onUpdate))
    return nodes.map((node) => (node instanceof Error ? nullOrError(node) : node))
  }

  /** None when there is no such node. */
  protected async children(path: string, onChange?: Watcher): Promise<string[]> {
    return (await this.childrenOrNull(path, onChange)) ?? []
  }

  protected async childrenOrNull(path: string, onChange?: Watcher): Promise<string[] | null> {
    try {
      return (await this.run((zk) => zk.getChildren(path, onChange))).children
    } catch (error) {
      if (isZooKeeperError(error, 'NONODE')) return null
      throw error
    }
  }

  protected async createIfMissing(path: string, data: Buffer | null): Promise<void> {
    try {
      await this.run((zk) => zk.create(path, data))
    } catch (error) {
      if (!isZooKeeperError(error, 'NODEEXISTS')) throw error
    }
  }

  protected async deleteIfThere(path: string): Promise<void> {
    try {
      await this.run((zk) => zk.delete(path))
    } catch (error) {
      if (!isZooKeeperError(error, 'NONODE')) throw error
    }
  }

  protected async setOrCreate(path: string, data: Buffer): Promise<void> {
    for (;;) {
      try {
        await this.run((zk) => zk.setData(path, data))
        return
      } catch (error) {
        if (!isZooKeeperError(error, 'NONODE')) throw error
      }
      try {
        await this.run((zk) => zk.create(path, data))
        return
      } catch (error) {
        if (!isZooKeeperError(error, 'NODEEXISTS')) throw error
      }
    }
  }
}

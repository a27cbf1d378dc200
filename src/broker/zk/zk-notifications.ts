import { isZooKeeperError, type Watcher } from '../../zookeeper/index.ts'
import { ZkRequests } from './zk-requests.ts'
import {
  type ConfigEntityType,
  configChangesZnode,
  configEntityTypeZnode,
  configEntityZnode,
  isrChangesZnode,
  logDirEventsZnode,
  preferredReplicaElectionZnode,
  reassignPartitionsZnode,
  type TopicPartition,
  ZnodeError,
} from './znodes.ts'

/** Configurations, and the sequential znodes by which brokers tell each other and the controller that something changed. */
export class ZkNotifications extends ZkRequests {
  /** Empty when there is none. */
  async entityConfig(type: ConfigEntityType, name: string): Promise<Map<string, string>> {
    const path = configEntityZnode.path(type, name)
    return configEntityZnode.decode(path, (await this.read(path))?.data ?? null)
  }

  /** Of all entities that have one. */
  async entityConfigs(type: ConfigEntityType): Promise<Map<string, ReadonlyMap<string, string>>> {
    const names = await this.children(configEntityTypeZnode.path(type))
    const paths = names.map((name) => configEntityZnode.path(type, name))
    const nodes = await this.readAll(paths)
    // Most say the same, which is nothing.
    const same = new Map<string, ReadonlyMap<string, string>>()
    const configs = new Map<string, ReadonlyMap<string, string>>()
    names.forEach((name, index) => {
      const node = nodes[index]
      if (node instanceof Error) throw node
      const bytes = node?.data ?? null
      const key = bytes?.toString('latin1') ?? ''
      const config = same.get(key) ?? configEntityZnode.decode(paths[index] ?? '', bytes)
      same.set(key, config)
      configs.set(name, config)
    })
    return configs
  }

  async setEntityConfig(
    type: ConfigEntityType,
    name: string,
    config: ReadonlyMap<string, string>,
  ): Promise<void> {
    await this.setOrCreate(configEntityZnode.path(type, name), configEntityZnode.encode(config))
  }

  /** Tells all brokers that a configuration has changed: `topics/orders`, `brokers/0`, `brokers/<default>`. */
  async createConfigChange(entityPath: string): Promise<void> {
    await this.run((zk) =>
      zk.create(configChangesZnode.prefix, configChangesZnode.encode(entityPath), {
        mode: 'persistent-sequential',
      }),
    )
  }

  /** The names of the notifications, the oldest first. */
  async configChanges(onChange?: Watcher): Promise<string[]> {
    return (await this.children(configChangesZnode.path, onChange)).sort()
  }

  /** Null when it has been removed; an entity path of null when we cannot read it. */
  async configChange(name: string): Promise<{ entityPath: string | null; createdMs: number } | null> {
    const node = await this.read(`${configChangesZnode.path}/${name}`)
    if (node === null) return null
    return { entityPath: configChangesZnode.decode(node.data) ?? null, createdMs: node.stat.ctime }
  }

  deleteConfigChange(name: string): Promise<void> {
    return this.deleteIfThere(`${configChangesZnode.path}/${name}`)
  }

  // Notifications to the controller

  isrChanges(onChange?: Watcher): Promise<string[]> {
    return this.children(isrChangesZnode.path, onChange)
  }

  async partitionsOfIsrChanges(names: readonly string[]): Promise<TopicPartition[]> {
    const nodes = await Promise.all(names.map((name) => this.read(`${isrChangesZnode.path}/${name}`)))
    return nodes.flatMap((node) => (node === null ? [] : isrChangesZnode.decode(node.data)))
  }

  deleteIsrChanges(names: readonly string[], epochZkVersion: number): Promise<void> {
    return this.deleteAsController(
      names.map((name) => `${isrChangesZnode.path}/${name}`),
      epochZkVersion,
    )
  }

  logDirEvents(onChange?: Watcher): Promise<string[]> {
    return this.children(logDirEventsZnode.path, onChange)
  }

  async brokersOfLogDirEvents(names: readonly string[]): Promise<number[]> {
    const nodes = await Promise.all(names.map((name) => this.read(`${logDirEventsZnode.path}/${name}`)))
    return nodes.flatMap((node) => (node === null ? [] : (logDirEventsZnode.decode(node.data) ?? [])))
  }

  deleteLogDirEvents(names: readonly string[], epochZkVersion: number): Promise<void> {
    return this.deleteAsController(
      names.map((name) => `${logDirEventsZnode.path}/${name}`),
      epochZkVersion,
    )
  }

  /** Tells the controller that a log directory of this broker has failed. */
  async propagateLogDirEvent(brokerId: number): Promise<void> {
    await this.run((zk) =>
      zk.create(logDirEventsZnode.prefix, logDirEventsZnode.encode(brokerId), {
        mode: 'persistent-sequential',
      }),
    )
  }

  // Requests to the controller that tools of old leave in a znode

  /** Whether there is one. `onChange` is called once when it comes, changes or goes. */
  watchReassignments(onChange: Watcher): Promise<boolean> {
    return this.exists(reassignPartitionsZnode.path, onChange)
  }

  /** Empty when there is none, or nothing in it that can be read. */
  async reassignments(): Promise<(TopicPartition & { readonly replicas: readonly number[] })[]> {
    return readable(reassignPartitionsZnode.decode, (await this.read(reassignPartitionsZnode.path))?.data)
  }

  /** Writes what is left of a request; without anything left the znode goes. */
  async setReassignments(
    wanted: readonly (TopicPartition & { readonly replicas: readonly number[] })[],
    epochZkVersion: number,
  ): Promise<void> {
    const { path, encode } = reassignPartitionsZnode
    if (wanted.length === 0) return this.deleteAsController([path], epochZkVersion)
    try {
      await this.asController(epochZkVersion, [
        { type: 'setData', path, data: encode(wanted), version: ANY_VERSION },
      ])
    } catch (error) {
      if (!isZooKeeperError(error, 'NONODE')) throw error
      try {
        await this.asController(epochZkVersion, [{ type: 'create', path, data: encode(wanted) }])
      } catch (again) {
        // Somebody was faster, perhaps our own first attempt.
        if (!isZooKeeperError(again, 'NODEEXISTS')) throw again
        await this.setReassignments(wanted, epochZkVersion)
      }
    }
  }

  /** {@link watchReassignments} */
  watchPreferredElection(onChange: Watcher): Promise<boolean> {
    return this.exists(preferredReplicaElectionZnode.path, onChange)
  }

  /** {@link reassignments} */
  async preferredElection(): Promise<TopicPartition[]> {
    const { path, decode } = preferredReplicaElectionZnode
    return readable(decode, (await this.read(path))?.data)
  }

  deletePreferredElection(epochZkVersion: number): Promise<void> {
    return this.deleteAsController([preferredReplicaElectionZnode.path], epochZkVersion)
  }
}

const ANY_VERSION = -1

/** What somebody has written by hand may be anything; Kafka takes it for an empty request. */
function readable<T>(decode: (bytes: Uint8Array | null) => T[], bytes: Uint8Array | null | undefined): T[] {
  try {
    return decode(bytes ?? null)
  } catch (error) {
    if (error instanceof ZnodeError) return []
    throw error
  }
}

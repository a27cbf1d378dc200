import { type FetcherOptions, ReplicaFetcher } from './fetcher.ts'
import { FetcherPartition } from './fetcher-partition.ts'
import type { Partition } from './partition.ts'
import type { PeerConnection } from './types.ts'

type Options = Omit<FetcherOptions, 'sourceId' | 'connect'> & {
  readonly connect: (brokerId: number) => Promise<PeerConnection>
}

/** The fetchers of a broker: num.replica.fetchers for each leader that it follows (kafka.server.ReplicaFetcherManager). */
export class FetcherManager {
  private readonly options: Options
  private readonly fetchers = new Map<string, ReplicaFetcher>()
  private readonly placeOf = new Map<string, ReplicaFetcher>()

  constructor(options: Options) {
    this.options = options
  }

  get fetcherCount(): number {
    return this.fetchers.size
  }

  /** Begins to follow, from the end of each log. Partitions that are deleted or have no leader are left out. */
  add(partitions: readonly Partition[]): void {
    const added = new Map<ReplicaFetcher, FetcherPartition[]>()
    for (const partition of partitions) {
      const { log, leaderId } = partition
      if (log === undefined || leaderId < 0) continue
      this.remove(partition)
      const fetcher = this.fetcherFor(partition)
      const follower = new FetcherPartition(partition, log, this.options.config.replicaFetchMaxBytes)
      this.placeOf.set(partition.key, fetcher)
      const list = added.get(fetcher)
      if (list === undefined) added.set(fetcher, [follower])
      else list.push(follower)
    }
    for (const [fetcher, followers] of added) fetcher.add(followers)
  }

  remove(partition: Partition): void {
    this.placeOf.get(partition.key)?.remove(partition.key)
    this.placeOf.delete(partition.key)
  }

  async stop(): Promise<void> {
    const fetchers = [...this.fetchers.values()]
    this.fetchers.clear()
    this.placeOf.clear()
    await Promise.all(fetchers.map((fetcher) => fetcher.stop()))
  }

  private fetcherFor({ topic, partition, leaderId }: Partition): ReplicaFetcher {
    const number = fetcherNumber(topic, partition, this.options.config.numReplicaFetchers)
    const key = `${leaderId}:${number}`
    let fetcher = this.fetchers.get(key)
    if (fetcher === undefined) {
      const connect = () => this.options.connect(leaderId)
      fetcher = new ReplicaFetcher({ ...this.options, sourceId: leaderId, connect })
      this.fetchers.set(key, fetcher)
    }
    return fetcher
  }
}

/** AbstractFetcherManager.getFetcherId: the same partition always has the same one. */
export function fetcherNumber(topic: string, partition: number, count: number): number {
  if (count <= 1) return 0
  let hash = 0
  for (let i = 0; i < topic.length; i++) hash = (Math.imul(hash, 31) + topic.charCodeAt(i)) | 0
  return Math.abs((Math.imul(31, hash) + partition) | 0) % count
}

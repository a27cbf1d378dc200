import { ZERO_UUID } from '../base/uuid.ts'
import { MetadataCache } from '../broker/network/index.ts'
import type { Catalog, OfflinePartition } from './catalog.ts'

/** Brokers are reached by these names, whatever they were called when they ran; the port is never bound. */
const PORT = 9092
export const OFFLINE_LISTENER = 'OFFLINE'
const PLAINTEXT = 0
const NO_LEADER = -1

export function offlineHost(brokerId: number): string {
  return `broker-${brokerId}.offline`
}

/**
 * The catalog as clients ask for it. Every broker that is mentioned anywhere can be asked, and all of them answer alike:
 * the leader in Metadata is only who is asked. It is the one that the znodes name; where they name none, or there are no
 * znodes, it is one that has the partition on disk. `offlineReplicas` are those that are not on disk.
 */
export function metadataOf(catalog: Catalog): MetadataCache {
  const brokerIds = catalog.brokerIds()
  const cache = new MetadataCache({ clusterId: catalog.clusterId ?? null })
  cache.updateMetadata({
    // Only who is asked, too: it says that it serves nothing of the kind.
    controllerId: catalog.state?.controllerId ?? brokerIds[0] ?? -1,
    isKRaftController: false,
    type: 0,
    controllerEpoch: 0,
    brokerEpoch: -1,
    ungroupedPartitionStates: [],
    liveBrokers: brokerIds.map((id) => ({
      id,
      v0Host: '',
      v0Port: 0,
      endpoints: [
        { host: offlineHost(id), port: PORT, listener: OFFLINE_LISTENER, securityProtocol: PLAINTEXT },
      ],
      rack: null,
    })),
    topicStates: [...catalog.topics].map(([topicName, { topicId, partitions }]) => ({
      topicName,
      topicId: topicId ?? ZERO_UUID,
      partitionStates: partitions.map((partition, partitionIndex) => ({
        topicName,
        partitionIndex,
        ...stateOf(partition),
      })),
    })),
  })
  return cache
}

function stateOf({ replicas, state, dirs }: OfflinePartition) {
  const onDisk = [...new Set(dirs.map(({ brokerId }) => brokerId))].sort((a, b) => a - b)
  const leader = state?.leader ?? NO_LEADER
  return {
    controllerEpoch: 0,
    leader: leader >= 0 ? leader : (onDisk[0] ?? NO_LEADER),
    leaderEpoch: state?.leaderEpoch ?? -1,
    isr: [...(state?.isr ?? [])],
    zkVersion: 0,
    replicas: [...(replicas ?? onDisk)],
    offlineReplicas: (replicas ?? []).filter((id) => !onDisk.includes(id)),
  }
}

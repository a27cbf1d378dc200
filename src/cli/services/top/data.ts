import type { MemberLook } from './look.ts'
import type { Tab } from './tables.ts'
import type { Trouble } from './troubles.ts'
import type { BrokerRow, GroupRow, PartitionRow, TopicRow, TopView } from './view.ts'

/** A look as data: all of it, or one list with what it belongs to. Field names are part of the interface. */
export function dataOf(view: TopView, tab: Tab | undefined): unknown {
  const lists = {
    brokers: () => view.brokers.map(brokerData),
    topics: () => view.topics.map(topicData),
    groups: () => view.groups.map(groupData),
    partitions: () => view.troubles.map(troubleData),
    znodes: () => znodeData(view),
  }
  const shown = tab === undefined ? lists : { [tab]: lists[tab] }
  return {
    timestamp: view.timeMs,
    clusterId: view.clusterId,
    controller: view.controller,
    ...rateData(view),
    lag: view.lag,
    ...Object.fromEntries(Object.entries(shown).map(([name, data]) => [name, data()])),
    problems: view.problems,
  }
}

function rateData({ inPerSecond, outPerSecond, bytesPerSecond }: Rates) {
  return { recordsInPerSecond: inPerSecond, recordsOutPerSecond: outPerSecond, bytesPerSecond }
}

type Rates = Pick<TopView, 'inPerSecond' | 'outPerSecond' | 'bytesPerSecond'>

function brokerData(row: BrokerRow) {
  return {
    id: row.id,
    address: row.address,
    rack: row.rack,
    state: row.state,
    isController: row.isController,
    leaders: row.leaders,
    replicas: row.replicaCount,
    outOfSyncReplicas: row.outOfSync,
    ...rateData(row),
    sizeBytes: row.sizeBytes,
    logDirs: row.logDirs,
  }
}

function topicData(row: TopicRow) {
  return {
    topic: row.topic,
    underReplicatedPartitions: row.underReplicated,
    offlinePartitions: row.offline,
    ...rateData(row),
    records: row.records,
    sizeBytes: row.sizeBytes,
    partitions: row.partitions.map(partitionData),
  }
}

function partitionData(row: PartitionRow) {
  return {
    partition: row.partition,
    leader: row.leader,
    isr: row.isr,
    replicas: row.replicas.map(({ broker }) => broker),
    startOffset: row.startOffset,
    endOffset: row.endOffset,
    ...rateData(row),
    sizeBytes: row.sizeBytes,
  }
}

function groupData(row: GroupRow) {
  return {
    group: row.group,
    state: row.state,
    coordinator: row.coordinator,
    lag: row.lag,
    recordsPerSecond: row.perSecond,
    members: row.members.map(memberData),
    partitions: row.partitions.map((each) => ({
      topic: each.topic,
      partition: each.partition,
      offset: each.offset,
      endOffset: each.endOffset,
      lag: each.lag,
      recordsPerSecond: each.perSecond,
      memberId: each.member?.memberId ?? null,
    })),
  }
}

function memberData({ memberId, groupInstanceId, clientId, host, partitions }: MemberLook) {
  return { memberId, groupInstanceId, clientId, host, partitions }
}

function troubleData({ topic, partition, kind, leader, isr, replicas, reason }: Trouble) {
  return { topic, partition, trouble: kind, leader, isr, replicas, reason }
}

/** Null when nobody knows where they are, or the service does not answer. */
function znodeData({ znodes }: TopView) {
  if (!znodes) return null
  const { changes, below, ...facts } = znodes
  return {
    ...facts,
    below,
    changes: changes.map(({ timeMs, change, path }) => ({ timestamp: timeMs, change, path })),
  }
}

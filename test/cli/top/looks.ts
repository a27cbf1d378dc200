import type {
  BrokerLook,
  GroupLook,
  Look,
  MemberLook,
  PartitionLook,
} from '../../../src/cli/services/top/look.ts'

export function broker(id: number, changed: Partial<BrokerLook> = {}): BrokerLook {
  const dir = { path: `/data-${id}`, error: null, replicas: 1, totalBytes: 100, usableBytes: 25 }
  return {
    id,
    address: `127.0.0.1:909${id}`,
    rack: null,
    isController: id === 0,
    state: 'up',
    logDirs: [{ ...dir, sizeBytes: 1_000 }],
    ...changed,
  }
}

/** On brokers 0 and 1, led by 0. */
export function partition(
  topic: string,
  number: number,
  endOffset: number | null,
  changed: Partial<PartitionLook> = {},
): PartitionLook {
  return {
    topic,
    partition: number,
    leader: 0,
    isr: [0, 1],
    replicas: [0, 1].map((id) => ({ broker: id, sizeBytes: (endOffset ?? 0) * 10, lag: 0 })),
    offlineReplicas: [],
    startOffset: 0,
    endOffset,
    ...changed,
  }
}

export function member(memberId: string, changed: Partial<MemberLook> = {}): MemberLook {
  return {
    memberId,
    groupInstanceId: null,
    clientId: memberId,
    host: '/127.0.0.1',
    partitions: [],
    ...changed,
  }
}

export function group(
  groupId: string,
  committed: readonly [string, number, number][],
  changed: Partial<GroupLook> = {},
): GroupLook {
  return {
    groupId,
    state: 'Stable',
    protocolType: 'consumer',
    coordinator: 0,
    members: [],
    offsets: committed.map(([topic, number, offset]) => ({ topic, partition: number, offset })),
    ...changed,
  }
}

export function look(atMs: number, changed: Partial<Look> = {}): Look {
  return {
    atMs,
    timeMs: atMs,
    clusterId: 'abc',
    controller: 0,
    brokers: [broker(0), broker(1)],
    partitions: [],
    groups: [],
    withoutGroups: [],
    znodes: undefined,
    problems: [],
    ...changed,
  }
}

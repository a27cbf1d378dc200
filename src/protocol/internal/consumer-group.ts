import { MessageType } from '../message.ts'
import { array, bytes, int8, int32, string, struct, uuid } from '../schema.ts'

// Records of __consumer_offsets that KIP-848 groups write.

export const consumerGroupCurrentMemberAssignmentKey = new MessageType(
  'ConsumerGroupCurrentMemberAssignmentKey',
  {
    versions: '8',
    flexible: 'none',
    fields: {
      groupId: string('8'),
      memberId: string('8'),
    },
  },
)

const topicPartitions = {
  topicId: uuid('0+'),
  partitions: array('0+', 'int32'),
} as const

export const consumerGroupCurrentMemberAssignmentValue = new MessageType(
  'ConsumerGroupCurrentMemberAssignmentValue',
  {
    versions: '0',
    flexible: '0+',
    fields: {
      memberEpoch: int32('0+'),
      previousMemberEpoch: int32('0+'),
      state: int8('0+'),
      assignedPartitions: array('0+', topicPartitions),
      partitionsPendingRevocation: array('0+', topicPartitions),
    },
  },
)

export const consumerGroupMemberMetadataKey = new MessageType('ConsumerGroupMemberMetadataKey', {
  versions: '5',
  flexible: 'none',
  fields: {
    groupId: string('5'),
    memberId: string('5'),
  },
})

export const consumerGroupMemberMetadataValue = new MessageType('ConsumerGroupMemberMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    instanceId: string('0+', { nullable: '0+' }),
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    subscribedTopicNames: array('0+', 'string'),
    subscribedTopicRegex: string('0+', { nullable: '0+' }),
    rebalanceTimeoutMs: int32('0+', { default: -1 }),
    serverAssignor: string('0+', { nullable: '0+' }),
    classicMemberMetadata: struct(
      '0+',
      {
        sessionTimeoutMs: int32('0+'),
        supportedProtocols: array('0+', {
          name: string('0+'),
          metadata: bytes('0+'),
        }),
      },
      { nullable: '0+', default: null, tag: 0, tagged: '0+' },
    ),
  },
})

export const consumerGroupMetadataKey = new MessageType('ConsumerGroupMetadataKey', {
  versions: '3',
  flexible: 'none',
  fields: {
    groupId: string('3'),
  },
})

export const consumerGroupMetadataValue = new MessageType('ConsumerGroupMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32('0+'),
  },
})

export const consumerGroupPartitionMetadataKey = new MessageType('ConsumerGroupPartitionMetadataKey', {
  versions: '4',
  flexible: 'none',
  fields: {
    groupId: string('4'),
  },
})

export const consumerGroupPartitionMetadataValue = new MessageType('ConsumerGroupPartitionMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    topics: array('0+', {
      topicId: uuid('0+'),
      topicName: string('0+'),
      numPartitions: int32('0+'),
      partitionMetadata: array('0+', {
        partition: int32('0+'),
        racks: array('0+', 'string'),
      }),
    }),
  },
})

export const consumerGroupTargetAssignmentMemberKey = new MessageType(
  'ConsumerGroupTargetAssignmentMemberKey',
  {
    versions: '7',
    flexible: 'none',
    fields: {
      groupId: string('7'),
      memberId: string('7'),
    },
  },
)

export const consumerGroupTargetAssignmentMemberValue = new MessageType(
  'ConsumerGroupTargetAssignmentMemberValue',
  {
    versions: '0',
    flexible: '0+',
    fields: {
      topicPartitions: array('0+', {
        topicId: uuid('0+'),
        partitions: array('0+', 'int32'),
      }),
    },
  },
)

export const consumerGroupTargetAssignmentMetadataKey = new MessageType(
  'ConsumerGroupTargetAssignmentMetadataKey',
  {
    versions: '6',
    flexible: 'none',
    fields: {
      groupId: string('6'),
    },
  },
)

export const consumerGroupTargetAssignmentMetadataValue = new MessageType(
  'ConsumerGroupTargetAssignmentMetadataValue',
  {
    versions: '0',
    flexible: '0+',
    fields: {
      assignmentEpoch: int32('0+'),
    },
  },
)

import { MessageType } from '../message.ts'
import { array, int32, string, uuid } from '../schema.ts'

// Records that share groups (KIP-932) write.

export const shareGroupMemberMetadataKey = new MessageType('ShareGroupMemberMetadataKey', {
  versions: '10',
  flexible: 'none',
  fields: {
    groupId: string('10'),
    memberId: string('10'),
  },
})

export const shareGroupMemberMetadataValue = new MessageType('ShareGroupMemberMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    rackId: string('0+', { nullable: '0+' }),
    clientId: string('0+'),
    clientHost: string('0+'),
    subscribedTopicNames: array('0+', 'string'),
  },
})

export const shareGroupMetadataKey = new MessageType('ShareGroupMetadataKey', {
  versions: '11',
  flexible: 'none',
  fields: {
    groupId: string('11'),
  },
})

export const shareGroupMetadataValue = new MessageType('ShareGroupMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    epoch: int32('0+'),
  },
})

export const shareGroupPartitionMetadataKey = new MessageType('ShareGroupPartitionMetadataKey', {
  versions: '9',
  flexible: 'none',
  fields: {
    groupId: string('9'),
  },
})

const topicPartitionsInfo = {
  topicId: uuid('0+'),
  topicName: string('0+'),
  partitions: array('0+', 'int32'),
} as const

const topicInfo = {
  topicId: uuid('0+'),
  topicName: string('0+'),
} as const

export const shareGroupPartitionMetadataValue = new MessageType('ShareGroupPartitionMetadataValue', {
  versions: '0',
  flexible: '0+',
  fields: {
    initializedTopics: array('0+', topicPartitionsInfo),
    deletingTopics: array('0+', topicInfo),
  },
})

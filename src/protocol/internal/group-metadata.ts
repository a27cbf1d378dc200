import { MessageType } from '../message.ts'
import { array, bytes, int32, int64, string } from '../schema.ts'

// Records of __consumer_offsets that classic groups write.

export const groupMetadataKey = new MessageType('GroupMetadataKey', {
  versions: '2',
  flexible: 'none',
  fields: {
    group: string('2'),
  },
})

const memberMetadata = {
  memberId: string('0+'),
  groupInstanceId: string('3+', { nullable: '3+', default: null, ignorable: true }),
  clientId: string('0+'),
  clientHost: string('0+'),
  rebalanceTimeout: int32('1+', { default: -1, ignorable: true }),
  sessionTimeout: int32('0+'),
  subscription: bytes('0+'),
  assignment: bytes('0+'),
} as const

export const groupMetadataValue = new MessageType('GroupMetadataValue', {
  versions: '0-4',
  flexible: '4+',
  fields: {
    protocolType: string('0+'),
    generation: int32('0+'),
    protocol: string('0+', { nullable: '0+' }),
    leader: string('0+', { nullable: '0+' }),
    currentStateTimestamp: int64('2+', { default: -1, ignorable: true }),
    members: array('0+', memberMetadata),
  },
})

export const offsetCommitKey = new MessageType('OffsetCommitKey', {
  versions: '0-1',
  flexible: 'none',
  fields: {
    group: string('0-1'),
    topic: string('0-1'),
    partition: int32('0-1'),
  },
})

export const offsetCommitValue = new MessageType('OffsetCommitValue', {
  versions: '0-4',
  flexible: '4+',
  fields: {
    offset: int64('0+'),
    leaderEpoch: int32('3+', { default: -1, ignorable: true }),
    metadata: string('0+'),
    commitTimestamp: int64('0+'),
    expireTimestamp: int64('1', { default: -1, ignorable: true }),
  },
})

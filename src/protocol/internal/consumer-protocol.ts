import { MessageType } from '../message.ts'
import { array, bytes, int32, string } from '../schema.ts'

// What consumers of a group tell each other: subscription and assignment. The broker passes it through.

export const consumerProtocolAssignment = new MessageType('ConsumerProtocolAssignment', {
  versions: '0-3',
  flexible: 'none',
  fields: {
    assignedPartitions: array('0+', {
      topic: string('0+'),
      partitions: array('0+', 'int32'),
    }),
    userData: bytes('0+', { nullable: '0+', default: null }),
  },
})

export const consumerProtocolSubscription = new MessageType('ConsumerProtocolSubscription', {
  versions: '0-3',
  flexible: 'none',
  fields: {
    topics: array('0+', 'string'),
    userData: bytes('0+', { nullable: '0+', default: null }),
    ownedPartitions: array(
      '1+',
      {
        topic: string('1+'),
        partitions: array('1+', 'int32'),
      },
      { ignorable: true },
    ),
    generationId: int32('2+', { default: -1, ignorable: true }),
    rackId: string('3+', { nullable: '3+', default: null, ignorable: true }),
  },
})

/** What members with Kafka's StickyAssignor have had, as the user data of their subscriptions. No version stands before it. */
export const stickyAssignorUserData = new MessageType('StickyAssignorUserData', {
  versions: '0-1',
  flexible: 'none',
  fields: {
    previousAssignment: array('0+', {
      topic: string('0+'),
      partitions: array('0+', 'int32'),
    }),
    generation: int32('1+', { default: -1, ignorable: true }),
  },
})

import { MessageType } from '../message.ts'
import { array, int16, int32, int64, string, struct, uint16, uuid } from '../schema.ts'

// Control records of a KRaft log; a ZooKeeper-mode broker only ever shows them.

export const kraftVersionRecord = new MessageType('KRaftVersionRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16('0+'),
    kRaftVersion: int16('0+'),
  },
})

const voter = {
  voterId: int32('0+'),
  voterDirectoryId: uuid('1+'),
} as const

export const leaderChangeMessage = new MessageType('LeaderChangeMessage', {
  versions: '0-1',
  flexible: '0+',
  fields: {
    version: int16('0+'),
    leaderId: int32('0+'),
    voters: array('0+', voter),
    grantingVoters: array('0+', voter),
  },
})

export const snapshotFooterRecord = new MessageType('SnapshotFooterRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16('0+'),
  },
})

export const snapshotHeaderRecord = new MessageType('SnapshotHeaderRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16('0+'),
    lastContainedLogTimestamp: int64('0+'),
  },
})

export const votersRecord = new MessageType('VotersRecord', {
  versions: '0',
  flexible: '0+',
  fields: {
    version: int16('0+'),
    voters: array('0+', {
      voterId: int32('0+'),
      voterDirectoryId: uuid('0+'),
      endpoints: array('0+', {
        name: string('0+'),
        host: string('0+'),
        port: uint16('0+'),
      }),
      kRaftVersionFeature: struct('0+', {
        minSupportedVersion: int16('0+'),
        maxSupportedVersion: int16('0+'),
      }),
    }),
  },
})

/** The formats of records that brokers and clients keep for themselves. */
export * from './consumer-group.ts'
export * from './consumer-protocol.ts'
export * from './group-log.ts'
export * from './group-metadata.ts'
export * from './raft-control.ts'
export * from './transaction-log.ts'

/** Leaders, followers and everything between them (kafka.cluster.Partition, kafka.server.ReplicaManager). */
export { ReplicaManager } from './replica-manager.ts'
export * from './types.ts'

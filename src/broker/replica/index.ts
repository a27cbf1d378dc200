/** Leaders, followers and everything between them (kafka.cluster.Partition, kafka.server.ReplicaManager). */
export type { FetchContext } from './fetch-context.ts'
export { errorResult, releaseResults } from './fetch-path.ts'
export { ReplicaManager } from './replica-manager.ts'
export * from './types.ts'

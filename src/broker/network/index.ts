/** What answers Kafka's protocol, without a broker behind it. */

export { metadataHandler } from '../api/03-metadata.ts'
export { describeConfigsHandler } from '../api/32-describe-configs.ts'
export { describeClusterHandler } from '../api/60-describe-cluster.ts'
export { type ApiHandler, handler } from '../api/handler.ts'
export { ApiRegistry } from '../api/registry.ts'
export { ApiError, toApiError } from '../api-error.ts'
export { MetadataCache } from '../metadata/index.ts'
export { ServerConnection } from './server-connection.ts'

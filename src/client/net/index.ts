export { Connection, type ConnectionOptions, type SendOptions } from './connection.ts'
export {
  BrokerError,
  ClientError,
  isStaleMetadata,
  NetworkError,
  RequestTimeoutError,
  UnsupportedVersionError,
} from './errors.ts'
export type { ObservedConnect, ObservedExchange, ObservedRequest, RequestObserver } from './observer.ts'

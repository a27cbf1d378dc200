export { ControllerMovedError } from './controller-moved-error.ts'
export {
  type ControllerEpoch,
  KafkaZkClient,
  PRODUCER_ID_BLOCK_SIZE,
  type RegisteredBroker,
} from './kafka-zk.ts'
export type { SessionListener, ZkSessionOptions } from './zk-session.ts'
export * from './znodes.ts'

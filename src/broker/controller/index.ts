export { KafkaController, type KafkaControllerOptions } from './kafka-controller.ts'
export { TopicAdmin, type TopicAdminOptions } from './topic-admin.ts'
export type { ConnectToBroker, ControlConnection, ControllerConfig } from './types.ts'

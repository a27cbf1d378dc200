export { KafkaController, type KafkaControllerOptions } from './kafka-controller.ts'
export type { ConnectToBroker, ControlConnection, ControllerConfig } from './ports.ts'
export { TopicAdmin, type TopicAdminOptions } from './topic-admin.ts'

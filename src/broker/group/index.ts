/** The coordinator of groups (kafka.coordinator.group). See DESIGN.md in this folder. */
export type { CommittedOffsets, OffsetToCommit } from './committed-offsets.ts'
export { GroupCoordinator } from './coordinator.ts'
export type { GroupAdmin } from './group-admin.ts'
export type { Membership } from './membership.ts'
export { OFFSETS_TOPIC, offsetsTopicSpec } from './offsets-topic.ts'

import type { BrokerConfig } from '../broker-config.ts'
import type { GroupCoordinator } from '../group/index.ts'
import type { MetadataCache } from '../metadata/index.ts'
import { offsetCommitHandler, type ZooKeeperOffsets } from './08-offset-commit.ts'
import { offsetFetchHandler } from './09-offset-fetch.ts'
import { joinGroupHandler } from './11-join-group.ts'
import { heartbeatHandler } from './12-heartbeat.ts'
import { leaveGroupHandler } from './13-leave-group.ts'
import { syncGroupHandler } from './14-sync-group.ts'
import { describeGroupsHandler } from './15-describe-groups.ts'
import { listGroupsHandler } from './16-list-groups.ts'
import { deleteGroupsHandler } from './42-delete-groups.ts'
import { offsetDeleteHandler } from './47-offset-delete.ts'
import type { ApiHandler } from './handler.ts'

export interface GroupHandlerDeps {
  readonly groups: GroupCoordinator
  readonly cache: MetadataCache
  readonly zk: ZooKeeperOffsets
  readonly config: BrokerConfig
}

/** What the coordinator of groups answers. */
export function groupHandlers({ groups, cache, zk, config }: GroupHandlerDeps): ApiHandler[] {
  const { membership, offsets, admin } = groups
  return [
    offsetCommitHandler({
      offsets,
      cache,
      zk,
      maxMetadataLength: () => config.number('offset.metadata.max.bytes'),
    }),
    offsetFetchHandler({ offsets, cache, zk }),
    joinGroupHandler(membership),
    heartbeatHandler(membership),
    leaveGroupHandler(membership),
    syncGroupHandler(membership),
    describeGroupsHandler(admin),
    listGroupsHandler(admin),
    deleteGroupsHandler(admin),
    offsetDeleteHandler({ offsets, cache }),
  ]
}

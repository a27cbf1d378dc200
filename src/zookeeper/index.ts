export { type Acl, type AclId, ANYONE, OPEN_ACL_UNSAFE, PERMISSIONS, READ_ACL_UNSAFE } from './acl.ts'
export {
  type AddWatchMode,
  type CreateMode,
  type CreateOptions,
  type Op,
  type OpResult,
  type SessionState,
  type Stat,
  type WatchEvent,
  type WatchEventType,
  type Watcher,
  type WatcherType,
  type ZooKeeperClient,
  ZooKeeperMultiError,
} from './client.ts'
export type { DataTree } from './data-tree.ts'
export { readTree, ZooKeeperDataError } from './database.ts'
export { isZooKeeperError, ZooKeeperError, type ZooKeeperErrorName } from './errors.ts'
export type { ClientPort, ClientPortOptions } from './net/client-port.ts'
export { connectZooKeeper, type NetworkClient, type NetworkClientOptions } from './net/connect.ts'
export { type ConnectString, parseConnectString } from './net/connect-string.ts'
export { ZooKeeperServer, type ZooKeeperServerOptions } from './server.ts'

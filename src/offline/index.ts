/** A data directory, read-only, as a cluster for the client. See DESIGN.md in this folder. */
export { type OfflineTarget, openOffline } from './open.ts'
export { OfflineError } from './sources.ts'

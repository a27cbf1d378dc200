import type { Clock, Timer } from '../base/clock.ts'
import { SUPER_IDENTITY } from './acl.ts'
import { ttlMsOf } from './data-node.ts'
import type { DataTree } from './data-tree.ts'
import type { Pipeline } from './pipeline.ts'

/** znode.container.checkIntervalMs */
const CHECK_INTERVAL_MS = 60_000

/**
 * Deletes containers whose last child has gone, and TTL nodes that nobody used for their time
 * (org.apache.zookeeper.server.ContainerManager). A container that never had a child stays.
 */
export class TransientNodes {
  private readonly tree: DataTree
  private readonly pipeline: Pipeline
  private readonly clock: Clock
  private timer: Timer | undefined
  private isStopped = false

  constructor(tree: DataTree, pipeline: Pipeline, clock: Clock) {
    this.tree = tree
    this.pipeline = pipeline
    this.clock = clock
  }

  start(): void {
    if (this.isStopped) return
    this.timer = this.clock.setTimer(CHECK_INTERVAL_MS, () => this.check(), { unref: true })
  }

  stop(): void {
    this.isStopped = true
    this.timer?.cancel()
  }

  private check(): void {
    const nowMs = this.clock.nowMs()
    for (const path of this.tree.transientPaths) {
      const node = this.tree.get(path)
      if (node === undefined || (node.children?.size ?? 0) > 0) continue
      const { stat } = node
      const ttlMs = ttlMsOf(stat.ephemeralOwner)
      const isDue = ttlMs === undefined ? stat.cversion > 0 : nowMs - stat.mtime > ttlMs
      if (!isDue) continue
      // Refused when a child came in the meantime, and that is all right.
      const requester = { sessionId: 0n, cxid: 0, identity: SUPER_IDENTITY }
      this.pipeline.submit(requester, { kind: 'deleteContainer', path }, () => undefined)
    }
    this.start()
  }
}

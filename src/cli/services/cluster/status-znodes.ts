import { systemClock } from '../../../base/clock.ts'
import { silentLogger } from '../../../base/logger.ts'
import { systemRandom } from '../../../base/random.ts'
import { connectZooKeeper, type NetworkClient, type NetworkClientOptions } from '../../../zookeeper/index.ts'

export interface ZnodeChange {
  readonly timeMs: number
  readonly change: 'created' | 'deleted' | 'changed'
  readonly path: string
}

/** How the coordination service is reached. */
export type ZnodePlace = Pick<NetworkClientOptions, 'network' | 'servers' | 'chroot'>

const SESSION_TIMEOUT_MS = 10_000
const CONNECT_TIMEOUT_MS = 2_000
const CHANGES = { NodeCreated: 'created', NodeDeleted: 'deleted', NodeDataChanged: 'changed' } as const

/** Tells of every znode that comes, goes or changes, as long as the coordination service is there. */
export class ZnodeWatch {
  private readonly place: ZnodePlace
  private readonly onChange: (change: ZnodeChange) => void
  private client: NetworkClient | undefined
  private opening: Promise<void> | undefined
  private isClosed = false

  constructor(place: ZnodePlace, onChange: (change: ZnodeChange) => void) {
    this.place = place
    this.onChange = onChange
  }

  /** While there is a session. */
  get session(): NetworkClient | undefined {
    return this.client
  }

  /** Connects if there is no connection. Never rejects: the service may not be there, or may come later. */
  ensure(): Promise<void> {
    if (this.client !== undefined) return Promise.resolve()
    this.opening ??= this.open()
      .catch(() => undefined)
      .finally(() => {
        this.opening = undefined
      })
    return this.opening
  }

  async close(): Promise<void> {
    this.isClosed = true
    await this.client?.close().catch(() => undefined)
  }

  private async open(): Promise<void> {
    const client = await connectZooKeeper({
      ...this.place,
      clock: systemClock,
      random: systemRandom,
      logger: silentLogger,
      sessionTimeoutMs: SESSION_TIMEOUT_MS,
      connectTimeoutMs: CONNECT_TIMEOUT_MS,
    })
    client.onSessionEvent((state) => {
      if (state === 'expired' || state === 'auth-failed') this.client = undefined
    })
    const watching = client.addWatch('/', 'persistent-recursive', ({ type, path }) => {
      if (type === 'NodeChildrenChanged') return
      this.onChange({ timeMs: systemClock.nowMs(), change: CHANGES[type], path })
    })
    // Servers before 3.6 have no such watches; the session is good for other questions.
    await watching.catch(() => undefined)
    if (this.isClosed) await client.close()
    else this.client = client
  }
}

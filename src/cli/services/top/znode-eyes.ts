import type { Clock } from '../../../base/clock.ts'
import { formatAddress } from '../../../base/network.ts'
import { type ZnodeChange, type ZnodePlace, ZnodeWatch } from '../cluster/status-znodes.ts'
import { askWord, parseStatistics } from './four-letter-word.ts'
import type { ZnodeLook } from './look.ts'

const KEPT_CHANGES = 500
const ANSWER_TIMEOUT_MS = 1_000
/** Counting is work for the service, and the tree is not what changes fastest. */
const COUNTS_EVERY_MS = 10_000

/** How the coordination service is, and what changes in it. */
export class ZnodeEyes {
  private readonly place: ZnodePlace
  private readonly clock: Clock
  private readonly watch: ZnodeWatch
  private changes: ZnodeChange[] = []
  private changeCount = 0
  private below: ZnodeLook['below'] = []
  private countsDueMs = 0
  /** Words that the servers did not refuse. */
  private words: readonly string[] = ['mntr', 'srvr']

  constructor(place: ZnodePlace, clock: Clock) {
    this.place = place
    this.clock = clock
    this.watch = new ZnodeWatch(place, (change) => {
      this.changes.unshift(change)
      this.changes.length = Math.min(this.changes.length, KEPT_CHANGES)
      this.changeCount++
    })
  }

  close(): Promise<void> {
    return this.watch.close()
  }

  /** Null when the service does not answer. Never rejects. */
  async look(): Promise<ZnodeLook | null> {
    void this.watch.ensure()
    const [statistics] = await Promise.all([this.statistics(), this.count()])
    const { session } = this.watch
    if (statistics === undefined && session === undefined) return null
    const number = (name: string) => {
      const value = statistics?.get(name)
      return value === undefined ? null : Number(value)
    }
    return {
      server: this.place.servers.map(formatAddress).join(', '),
      version: statistics?.get('version')?.split(',')[0] ?? null,
      mode: statistics?.get('server_state') ?? null,
      znodes: number('znode_count'),
      ephemerals: number('ephemerals_count'),
      sessions: number('global_sessions'),
      connections: number('num_alive_connections'),
      watches: number('watch_count'),
      below: this.below,
      changes: [...this.changes],
      changeCount: this.changeCount,
    }
  }

  /** Of the first server that answers. */
  private async statistics(): Promise<ReadonlyMap<string, string> | undefined> {
    const ports = { network: this.place.network, clock: this.clock }
    for (const address of this.place.servers) {
      try {
        for (const word of this.words) {
          const answer = await askWord(ports, address, word, ANSWER_TIMEOUT_MS)
          const values = parseStatistics(answer)
          if (values !== undefined) return values
          // Only srvr is allowed by default (4lw.commands.whitelist), and it tells less.
          this.words = this.words.filter((each) => each !== word)
        }
      } catch {
        // The next one may answer.
      }
    }
    return undefined
  }

  private async count(): Promise<void> {
    const { session } = this.watch
    if (session === undefined || this.clock.monotonicMs() < this.countsDueMs) return
    this.countsDueMs = this.clock.monotonicMs() + COUNTS_EVERY_MS
    try {
      const { children } = await session.getChildren('/')
      const below = await Promise.all(
        children.sort().map(async (name) => {
          const path = `/${name}`
          return { path, count: await session.getAllChildrenNumber(path).catch(() => 0) }
        }),
      )
      this.below = below.sort((a, b) => b.count - a.count)
    } catch {
      // The session is over: the next one counts.
      this.countsDueMs = 0
    }
  }
}

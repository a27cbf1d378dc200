import { type Clock, sleep } from '../../base/clock.ts'
import type { gatherNames, NameKind } from './gather.ts'
import { type KnownNames, type NameCache, NO_NAMES } from './name-cache.ts'
import type { Place } from './source.ts'

/** Names are asked for anew when they are older. */
const FRESH_MS = 3_000
/** Names of a target that nobody asked for in so long a time go. */
const KEPT_MS = 30 * 86_400_000
/** Who asks for all names may take so long. */
const REFRESH_MS = 5_000

export interface CachedNamesOptions {
  readonly cache: NameCache
  readonly clock: Clock
  /** Where nothing is known yet: how long to wait for an answer. */
  readonly patienceMs: () => number
  /** Asks the target for names of these kinds, within this time. */
  readonly gather: (kinds: readonly NameKind[], timeoutMs: number) => ReturnType<typeof gatherNames>
  /** Lets another process ask for all of them. */
  readonly refreshElsewhere: () => void
}

/** Names from the cache, which another process makes new when they are old: nobody waits for a broker. */
export class CachedNames {
  private readonly options: CachedNamesOptions
  private known: Promise<KnownNames> | undefined

  constructor(options: CachedNamesOptions) {
    this.options = options
  }

  async names(place: Place): Promise<readonly string[]> {
    const [kind, name] = place
    if (kind !== 'topics' && kind !== 'groups' && kind !== 'brokers') return []
    this.known ??= this.load(kind)
    const { topics, groups, brokers } = await this.known
    if (kind === 'groups') return groups
    if (kind === 'brokers') return brokers.map(String)
    if (name === undefined) return topics.map(([topic]) => topic)
    const count = topics.find(([topic]) => topic === name)?.[1] ?? 0
    return Array.from({ length: count }, (_, partition) => `${partition}`)
  }

  private async load(kind: NameKind): Promise<KnownNames> {
    const { cache, clock, refreshElsewhere } = this.options
    const known = cache.read()
    const ageMs = clock.nowMs() - (known?.askedAtMs ?? 0)
    // A clock that was set back makes what is known look new for ever.
    if (ageMs > FRESH_MS || ageMs < 0) refreshElsewhere()
    return known ?? { ...NO_NAMES, ...(await this.firstAnswer(kind)) }
  }

  private async firstAnswer(kind: NameKind): Promise<Partial<KnownNames>> {
    const { clock, gather, patienceMs } = this.options
    const answer = gather([kind], REFRESH_MS).catch(() => ({}))
    return await Promise.race([answer, sleep(clock, Math.max(0, patienceMs())).then(() => ({}))])
  }
}

/** Asks for all names and keeps them; of what is not answered the last answer stays. */
export async function refreshNames(
  cache: NameCache,
  clock: Clock,
  gather: CachedNamesOptions['gather'],
): Promise<void> {
  const before = cache.read()
  const askedAtMs = clock.nowMs()
  if (before !== undefined && Math.abs(askedAtMs - before.askedAtMs) < FRESH_MS / 2) return
  // Who presses Tab again meanwhile starts no second one, however long the answer takes.
  cache.write({ ...NO_NAMES, ...before, askedAtMs })
  const answered = await gather(['topics', 'groups', 'brokers'], REFRESH_MS).catch(() => ({}))
  cache.write({ ...NO_NAMES, ...before, ...answered, askedAtMs })
  cache.removeOlderThan(askedAtMs - KEPT_MS)
}

import type { Session } from './session.ts'
import { childrenOf, pathText, type TreePath } from './tree.ts'

interface Entry {
  names: readonly string[]
  atMs: number
  loading: Promise<void> | undefined
}

/** Names are asked for again when they are older. */
const FRESH_MS = 5_000

/** What there is on the session's target, for completion: what is known is given at once, and asked for in the background. */
export class Catalog {
  private readonly session: Session
  private readonly entries = new Map<string, Entry>()

  constructor(session: Session) {
    this.session = session
  }

  /** What was known of a place the last time. Begins to ask when that is long ago. */
  known(path: TreePath): readonly string[] {
    const entry = this.entry(path)
    if (this.session.clock.monotonicMs() - entry.atMs > FRESH_MS) void this.load(path, entry)
    return entry.names
  }

  /** The same, but the first time it waits for the answer. */
  async names(path: TreePath): Promise<readonly string[]> {
    const entry = this.entry(path)
    this.known(path)
    if (entry.atMs === Number.NEGATIVE_INFINITY) await entry.loading
    return entry.names
  }

  /** A command may have changed anything. */
  forget(): void {
    for (const entry of this.entries.values()) entry.atMs = Math.min(entry.atMs, -FRESH_MS)
  }

  private entry(path: TreePath): Entry {
    const key = pathText(path)
    let entry = this.entries.get(key)
    if (entry === undefined) {
      entry = { names: [], atMs: Number.NEGATIVE_INFINITY, loading: undefined }
      this.entries.set(key, entry)
    }
    return entry
  }

  private load(path: TreePath, entry: Entry): Promise<void> {
    entry.loading ??= childrenOf(this.session, path)
      .then(
        (names) => {
          entry.names = names ?? []
        },
        // A target that does not answer has nothing to complete; the next command says so.
        () => undefined,
      )
      .finally(() => {
        entry.atMs = this.session.clock.monotonicMs()
        entry.loading = undefined
      })
    return entry.loading
  }
}

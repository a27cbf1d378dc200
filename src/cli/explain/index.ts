import path from 'node:path'
import { type Clock, sleep } from '../../base/clock.ts'
import { nodeFileSystem } from '../../base/node-file-system.ts'
import type { Target } from '../target.ts'
import { changesBetween, indexChanges } from './changes.ts'
import type { Change, Note } from './events.ts'
import type { ExplainForm } from './form.ts'
import { Recorder } from './recorder.ts'
import { explanationText } from './report.ts'
import type { LocalEyes, LocalSnapshot } from './snapshot.ts'

/** Followers and the controller may be behind the answer by so much. */
const SETTLE_MS = 1_000
const LOOK_EVERY_MS = 25

/**
 * What a command asked of brokers, and what became different in a local cluster by it. Of a cluster elsewhere only the
 * requests are known.
 */
export class Explanation {
  private readonly clock: Clock
  private readonly form: ExplainForm
  private readonly recorder: Recorder
  private readonly notes: Note[] = []
  private target: Target | undefined
  private eyes: LocalEyes | undefined
  private before: LocalSnapshot | undefined

  constructor(clock: Clock, form: ExplainForm) {
    this.clock = clock
    this.form = form
    this.recorder = new Recorder(clock)
  }

  /** From now on it is seen what the target is asked. A local cluster that does not run yet is started for the first look. */
  async attach(target: Target): Promise<void> {
    this.target = target
    if (target.isLocal && target.dataDir !== undefined) {
      const [{ LocalEyes }, { brokerOfPipe }] = await Promise.all([
        import('./snapshot.ts'),
        import('../../cluster/index.ts'),
      ])
      this.recorder.brokerOf = brokerOfPipe
      this.eyes = new LocalEyes(target)
      this.before = await this.look()
      this.tellWhoseItIs(this.eyes)
    }
    target.observer.current = this.recorder
  }

  /** The whole text for stderr. The target must still be open. */
  async finish(): Promise<string> {
    if (this.target !== undefined) this.target.observer.current = undefined
    const changes = await this.changes()
    await this.eyes?.close()
    const { recorder, notes } = this
    recorder.nameBrokers()
    if (recorder.uncounted > 0) this.note(`${recorder.uncounted} more exchanges were not written down.`)
    if (this.form === 'text') return explanationText(recorder.events, changes, notes)
    return [...recorder.events, ...(changes ?? []), ...notes]
      .map((event) => `${JSON.stringify(event)}\n`)
      .join('')
  }

  /** Looks until nothing moves any more. */
  private async changes(): Promise<Change[] | undefined> {
    const { before, clock } = this
    if (before === undefined) return undefined
    const deadlineMs = clock.monotonicMs() + SETTLE_MS
    let last = ''
    for (;;) {
      const after = await this.look()
      if (after === undefined) return undefined
      const changes = changesBetween(before, after)
      if (changes.length === 0 && this.recorder.hasOnlyRead) return []
      const text = JSON.stringify(changes)
      if (text === last || clock.monotonicMs() > deadlineMs)
        return [...changes, ...(await indexChanges(changes, after, countIndexEntries))]
      last = text
      await sleep(clock, LOOK_EVERY_MS)
    }
  }

  private async look(): Promise<LocalSnapshot | undefined> {
    const seen = await this.eyes?.look().catch(() => undefined)
    if (seen === undefined)
      this.note('The brokers do not say how they are: what the requests changed is not known.')
    else if (seen.znodes === undefined)
      this.note('The znodes cannot be seen: they are not in the data directory.')
    return seen
  }

  private tellWhoseItIs({ directory }: LocalEyes): void {
    const pid = directory.readServerInfo()?.pid
    if (pid === undefined || pid === process.pid) return
    this.note(
      `Process ${pid} serves ${directory.path}: what others did there meanwhile is among the changes.`,
    )
  }

  private note(message: string): void {
    if (this.notes.every((note) => note.message !== message)) this.notes.push({ event: 'note', message })
  }
}

/** An index may be read while the broker writes to it: what is not whole yet is for the next look. */
async function countIndexEntries(file: string, baseOffset: number, fromOffset: number): Promise<number> {
  const { readEntries } = await import('../../inspect/dump/index.ts')
  let count = 0
  try {
    for await (const { offset } of readEntries(nodeFileSystem, {
      path: file,
      name: path.basename(file),
      kind: 'index',
      baseOffset,
    }))
      if (Number(offset) >= fromOffset) count++
  } catch {
    // It went away, or is damaged, which is for `segments verify` to say.
  }
  return count
}

import { messageOf } from '../../base/errors.ts'
import type { FileSystem } from '../../base/file-system.ts'
import { type EpochEntry, KafkaStorageError, readCheckpointLines } from '../../storage/index.ts'
import { ADVICE } from './advice.ts'
import type { PartitionScope } from './scope.ts'

const ADVICE_EPOCHS = 'kcli segments repair writes the file again from the batches.'
/** A log has as many leaders as it had elections; more than this is a damaged file. */
const MAX_RUNS = 100_000

/** Batches of one leader, one behind the other. */
interface Run extends EpochEntry {
  lastOffset: number
}

/** `leader-epoch-checkpoint` against the epochs in the batches. */
export class EpochCheck {
  private readonly scope: PartitionScope
  private readonly runs: Run[] = []

  constructor(scope: PartitionScope) {
    this.scope = scope
  }

  /** What the file should hold, by the batches. */
  get expected(): EpochEntry[] {
    const rising: EpochEntry[] = []
    for (const { epoch, startOffset } of this.runs) {
      if (epoch > (rising.at(-1)?.epoch ?? -1)) rising.push({ epoch, startOffset })
    }
    return rising
  }

  onBatch(path: string, position: number, epoch: number, baseOffset: number, lastOffset: number): void {
    const latest = this.runs.at(-1)
    if (latest?.epoch === epoch) {
      latest.lastOffset = lastOffset
      return
    }
    if (epoch < 0 || this.runs.length >= MAX_RUNS) return
    if (latest !== undefined && epoch < latest.epoch) {
      const reason = `the leader epoch falls from ${latest.epoch} to ${epoch}`
      this.scope.add('error', 'batch-epoch', path, reason, ADVICE.look, { position, offset: baseOffset })
      return
    }
    this.runs.push({ epoch, startOffset: baseOffset, lastOffset })
  }

  /** Behind the last batch: the file is read now, so that it is not older than the batches. */
  finish(fs: FileSystem, endOffset: number): void {
    const entries = this.readFile(fs)
    if (entries === undefined) return
    const bad = (severity: 'error' | 'warning', reason: string, offset: number) =>
      this.scope.add(severity, 'leader-epochs', this.path, reason, ADVICE_EPOCHS, {
        offset,
        fix: { kind: 'rewrite-epochs' },
      })
    for (const [i, entry] of entries.entries()) {
      const before = entries[i - 1]
      if (before && (entry.epoch <= before.epoch || entry.startOffset < before.startOffset)) {
        const reason = `epoch ${entry.epoch} from offset ${entry.startOffset} comes behind epoch ${before.epoch}`
        bad('error', reason, entry.startOffset)
        return
      }
      if (entry.startOffset > endOffset && !this.scope.logDir.isLive) {
        bad(
          'warning',
          `epoch ${entry.epoch} begins at ${entry.startOffset}, behind the end ${endOffset}`,
          endOffset,
        )
      }
    }
    for (const run of this.runs) this.compare(run, entries, bad)
  }

  private compare(
    run: Run,
    entries: readonly EpochEntry[],
    bad: (severity: 'error' | 'warning', reason: string, offset: number) => void,
  ): void {
    const [first] = entries
    if (first === undefined) {
      bad('warning', `the file names no epoch, the batches have epoch ${run.epoch}`, run.startOffset)
      return
    }
    // What lies before the first entry is deleted, even if its segment is still there.
    const offset = Math.max(run.startOffset, first.startOffset)
    if (offset > run.lastOffset) return
    const at = entries.findLastIndex((entry) => entry.startOffset <= offset)
    const next = entries[at + 1]
    const found = entries[at]?.epoch ?? -1
    if (found !== run.epoch) {
      bad(
        'error',
        `the file has epoch ${found} at offset ${offset}, the batch there has ${run.epoch}`,
        offset,
      )
    } else if (next !== undefined && next.startOffset <= run.lastOffset) {
      const reason = `the file lets epoch ${next.epoch} begin at ${next.startOffset}, but batches up to ${run.lastOffset} have ${run.epoch}`
      bad('error', reason, next.startOffset)
    }
  }

  private get path(): string {
    return this.scope.files.epochs?.path ?? `${this.scope.files.dir.path}/leader-epoch-checkpoint`
  }

  /** Undefined when there is nothing to compare with. */
  private readFile(fs: FileSystem): EpochEntry[] | undefined {
    const fix = { kind: 'rewrite-epochs' } as const
    if (!fs.existsSync(this.path)) {
      if (this.runs.length > 0) {
        const reason = 'the file is missing: after a failure, followers cannot tell where leaders differ'
        this.scope.add('warning', 'leader-epochs', this.path, reason, ADVICE_EPOCHS, { fix })
      }
      return undefined
    }
    try {
      return readCheckpointLines(fs, this.path).map((line) => {
        const match = /^(\d{1,10})\s+(\d{1,16})$/.exec(line)
        if (!match) throw new KafkaStorageError(`the line '${line.slice(0, 80)}' is no epoch and offset`)
        return { epoch: Number(match[1]), startOffset: Number(match[2]) }
      })
    } catch (error) {
      if (!(error instanceof KafkaStorageError)) throw error
      this.scope.add('error', 'leader-epochs', this.path, messageOf(error), ADVICE_EPOCHS, { fix })
      return undefined
    }
  }
}

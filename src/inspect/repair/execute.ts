import path from 'node:path'
import { type FileSystem, replaceFileSync } from '../../base/file-system.ts'
import { Segment, TxnIndex } from '../../storage/index.ts'
import { BatchWalk } from '../batch-walk.ts'
import { locate } from '../locate.ts'
import { groupByPartition, type PartitionFiles, type SegmentFiles } from '../partition-files.ts'
import { Findings } from '../verify/finding.ts'
import { ProducerCheck } from '../verify/producer-check.ts'
import { PartitionScope } from '../verify/scope.ts'
import { Backup } from './backup.ts'
import type { PlannedStep, Step } from './step.ts'

export interface ExecuteOptions {
  readonly steps: readonly PlannedStep[]
  readonly nowMs: number
  /** Where the copies go; by default beside each log directory. */
  readonly backupDir: string | undefined
  /** Stops between two steps. */
  readonly signal: AbortSignal
  readonly onStep: (planned: PlannedStep) => Promise<void>
}

/**
 * Does what was planned, with a copy of everything before it changes. The caller holds the locks. A failure leaves the
 * steps before it done, and the undo script says how to take them back. Gives the folders of the copies.
 */
export async function executeRepair(fs: FileSystem, options: ExecuteOptions): Promise<Backup[]> {
  const backups = new Map<string, Backup>()
  const backupFor = (logDir: string) => {
    const parent = options.backupDir ?? path.dirname(path.resolve(logDir))
    const backup = backups.get(parent) ?? Backup.create(fs, parent, options.nowMs)
    backups.set(parent, backup)
    return backup
  }
  for (const { logDir } of options.steps) backupFor(logDir)
  for (const planned of options.steps) {
    options.signal.throwIfAborted()
    await run(fs, planned, backupFor(planned.logDir))
    await options.onStep(planned)
  }
  const folders = new Set(options.steps.map(({ step }) => path.dirname(step.path)))
  for (const folder of folders) await fs.syncDirectory(folder)
  return [...backups.values()]
}

async function run(fs: FileSystem, { step, logDir }: PlannedStep, backup: Backup): Promise<void> {
  switch (step.kind) {
    case 'cut':
      await backup.keepTail(step.path, logDir, step.position)
      return await cutFile(fs, step.path, step.position)
    case 'remove':
      return await backup.take(step.path, logDir)
    case 'rewrite':
      await backup.keep(step.path, logDir)
      return replaceFileSync(fs, step.path, Buffer.from(step.text), true)
    case 'rebuild-indexes':
      await backup.take(step.path, logDir)
      await backup.take(step.path.replace(/index$/, 'timeindex'), logDir)
      return await rebuildIndexes(fs, step)
    case 'rebuild-txn-index':
      await backup.take(step.path, logDir)
      return await rebuildTxnIndex(fs, step)
  }
}

async function cutFile(fs: FileSystem, file: string, sizeBytes: number): Promise<void> {
  const opened = fs.openSync(file, 'r+')
  try {
    opened.truncateSync(sizeBytes)
    await opened.sync()
  } finally {
    opened.closeSync()
  }
}

/** Where the indexes are missing, the storage builds both when it opens the segment. */
async function rebuildIndexes(fs: FileSystem, step: Step & { kind: 'rebuild-indexes' }): Promise<void> {
  const { baseOffset } = step
  const segment = Segment.open({
    fs,
    dir: path.dirname(step.path),
    baseOffset,
    createdMs: 0,
    rollJitterMs: 0,
  })
  try {
    await segment.ensureIndexes()
    await segment.flush()
  } finally {
    segment.close()
  }
}

/** Goes through the log up to the segment's end: a transaction may have begun long before it was aborted. */
async function rebuildTxnIndex(fs: FileSystem, step: Step & { kind: 'rebuild-txn-index' }): Promise<void> {
  const dir = path.dirname(step.path)
  const [files] = groupByPartition(locate(fs, { names: [dir], dataDir: dir }))
  if (files === undefined) return
  const producers = new ProducerCheck(fs, silentScope(files))
  const index = new TxnIndex(fs, step.path, step.baseOffset)
  for (const segment of files.segments.filter((one) => one.baseOffset <= step.baseOffset)) {
    producers.begin(segment)
    await replay(fs, segment, producers, segment.baseOffset === step.baseOffset ? index : undefined)
  }
  await index.sync()
  index.idle()
}

async function replay(
  fs: FileSystem,
  segment: SegmentFiles,
  producers: ProducerCheck,
  index: TxnIndex | undefined,
): Promise<void> {
  const file = fs.openSync(segment.log.path, 'r')
  try {
    for await (const walked of new BatchWalk(file)) {
      const aborted = producers.onBatch(segment, walked)
      if (aborted !== undefined) index?.append(aborted)
    }
  } finally {
    file.closeSync()
  }
}

/** For a walk whose findings are known already. */
function silentScope(files: PartitionFiles): PartitionScope {
  const state = {
    path: files.dir.logDir,
    checkpoints: new Map(),
    damaged: new Map(),
    isClean: false,
    isLive: false,
    isLogDir: false,
  }
  return new PartitionScope(files, state, new Findings(() => undefined))
}

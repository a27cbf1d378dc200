import path from 'node:path'
import type { FileSystem } from '../../base/file-system.ts'
import { type Located, type LocatedFile, locate } from '../locate.ts'
import type { LockProbe, LogDirState } from '../log-dir-state.ts'
import { type SegmentFiles, shortPath, sizeOf } from '../partition-files.ts'
import type { Finding, Fix } from '../verify/finding.ts'
import type { PartitionFacts } from '../verify/partition-check.ts'
import { verify } from '../verify/verify.ts'
import { CheckpointChanges } from './checkpoint-changes.ts'
import { epochsText } from './epochs-text.ts'
import type { PlannedStep, Step } from './step.ts'

export interface PlanOptions {
  readonly located: Located
  readonly isLocked: LockProbe
  readonly signal: AbortSignal
  readonly onBytes?: (bytes: number) => void
}

export interface RepairPlan {
  readonly steps: readonly PlannedStep[]
  /** Errors that no step puts right. */
  readonly left: readonly Finding[]
  /** The log directories that the steps change. */
  readonly logDirs: readonly string[]
}

type FixOf<K extends Fix['kind']> = Fix & { readonly kind: K }

/**
 * What would have to be done so that the checks find nothing: what a broker does after a crash (LogLoader), where a crash
 * may have been the cause, and what it would not notice. Only reads. Whole partitions are looked at, also when only some
 * of their files are named.
 */
export async function planRepair(fs: FileSystem, options: PlanOptions): Promise<RepairPlan> {
  const located = wholePartitions(fs, options.located)
  const findings: Finding[] = []
  const checkpoints = new CheckpointChanges()
  const steps: PlannedStep[] = []
  const left: Finding[] = []
  const takeFindings = () => findings.splice(0)
  await verify(fs, {
    located,
    deep: false,
    isLocked: options.isLocked,
    signal: options.signal,
    ...(options.onBytes && { onBytes: options.onBytes }),
    onFinding: (finding) => findings.push(finding),
    onPartition: (facts, state) => {
      const found = takeFindings()
      steps.push(...new PartitionPlan(fs, facts, state, found, checkpoints).steps())
      left.push(...found.filter((finding) => finding.severity === 'error' && finding.fix === undefined))
    },
  })
  for (const { fix, reason } of takeFindings()) {
    if (fix?.kind !== 'remove-checkpoint') continue
    const what = `take ${shortPath(fix.path)} away`
    steps.push({
      step: { kind: 'remove', path: fix.path },
      logDir: path.dirname(fix.path),
      what,
      why: reason,
    })
  }
  steps.push(...checkpoints.steps())
  return { steps, left, logDirs: [...new Set(steps.map((planned) => planned.logDir))] }
}

function wholePartitions(fs: FileSystem, located: Located): Located {
  if (!located.partitionDirs.some((dir) => dir.isPartial)) return located
  const names = [...located.partitionDirs.map((dir) => dir.path), ...located.wholeLogDirs]
  return locate(fs, { names, dataDir: '.' })
}

/** The steps for one partition. */
class PartitionPlan {
  private readonly fs: FileSystem
  private readonly facts: PartitionFacts
  private readonly logDir: LogDirState
  private readonly findings: readonly Finding[]
  private readonly checkpoints: CheckpointChanges
  private readonly planned: PlannedStep[] = []
  private readonly removed = new Set<string>()

  constructor(
    fs: FileSystem,
    facts: PartitionFacts,
    logDir: LogDirState,
    findings: readonly Finding[],
    checkpoints: CheckpointChanges,
  ) {
    this.fs = fs
    this.facts = facts
    this.logDir = logDir
    // Of a broker that runs: what it is about to write.
    this.findings = findings.filter((finding) => finding.severity !== 'note')
    this.checkpoints = checkpoints
  }

  steps(): PlannedStep[] {
    const cut = this.fixes('cut').sort(
      (a, b) => a.fix.baseOffset - b.fix.baseOffset || a.fix.position - b.fix.position,
    )[0]
    if (cut !== undefined) this.planCut(cut.fix, cut.finding.reason)
    const endOffset = cut?.fix.endOffset ?? this.facts.endOffset
    this.planIndexes(cut?.fix)
    for (const { fix, finding } of this.fixes('remove-file')) this.remove(fix.path, finding.reason)
    const [epochs] = this.fixes('rewrite-epochs')
    if (epochs !== undefined || cut !== undefined) {
      this.planEpochs(endOffset, epochs?.finding.reason ?? `the log is cut at offset ${endOffset}`)
    }
    if (this.facts.files.dir.mark === undefined && !this.logDir.isLive) {
      this.checkpoints.lower(this.logDir, this.facts.files.name, endOffset)
    }
    return this.planned
  }

  private fixes<K extends Fix['kind']>(kind: K): { fix: FixOf<K>; finding: Finding }[] {
    return this.findings.flatMap((finding) =>
      finding.fix?.kind === kind ? [{ fix: finding.fix as FixOf<K>, finding }] : [],
    )
  }

  private planCut(cut: FixOf<'cut'>, reason: string): void {
    const { segments, snapshots } = this.facts.files
    const segment = segments.find((one) => one.baseOffset === cut.baseOffset)
    if (segment === undefined) return
    const { path: log } = segment.log
    const sizeBytes = sizeOf(this.fs, segment.log)
    const bytes = sizeBytes - cut.position
    this.add(
      { kind: 'cut', path: log, position: cut.position, sizeBytes },
      `cut the last ${bytes} bytes off ${shortPath(log)}: from position ${cut.position}, offset ${cut.endOffset} on`,
      reason,
    )
    const behind = `it lies behind the damage at offset ${cut.endOffset}`
    for (const later of segments.filter((one) => one.baseOffset > cut.baseOffset)) {
      for (const file of indexedFiles(later)) this.remove(file.path, behind)
    }
    for (const snapshot of snapshots) {
      if ((snapshot.baseOffset ?? 0) > cut.endOffset) this.remove(snapshot.path, behind)
    }
  }

  private planIndexes(cut: FixOf<'cut'> | undefined): void {
    const isKept = (baseOffset: number) => cut === undefined || baseOffset <= cut.baseOffset
    const plain = new Map(
      this.fixes('rebuild-indexes').map((one) => [one.fix.baseOffset, one.finding.reason]),
    )
    const txn = new Map(
      this.fixes('rebuild-txn-index').map((one) => [one.fix.baseOffset, one.finding.reason]),
    )
    if (cut !== undefined) {
      const segment = this.facts.files.segments.find((one) => one.baseOffset === cut.baseOffset)
      plain.set(cut.baseOffset, 'its log is cut')
      if (segment?.txnindex !== undefined) txn.set(cut.baseOffset, 'its log is cut')
    }
    for (const { baseOffset, log } of this.facts.files.segments.filter((one) => isKept(one.baseOffset))) {
      const stem = log.path.replace(/log$/, '')
      const why = plain.get(baseOffset)
      if (why !== undefined) {
        const what = `build ${shortPath(`${stem}index`)} and .timeindex from the log`
        this.add({ kind: 'rebuild-indexes', path: `${stem}index`, baseOffset }, what, why)
      }
      const whyTxn = txn.get(baseOffset)
      if (whyTxn !== undefined) {
        const what = `build ${shortPath(`${stem}txnindex`)} from the log`
        this.add({ kind: 'rebuild-txn-index', path: `${stem}txnindex`, baseOffset }, what, whyTxn)
      }
    }
  }

  private planEpochs(endOffset: number, why: string): void {
    const file = path.join(this.facts.files.dir.path, 'leader-epoch-checkpoint')
    const text = epochsText(this.fs, file, this.facts.epochs, endOffset)
    if (text === undefined) return
    this.add({ kind: 'rewrite', path: file, text }, `write ${shortPath(file)} again from the batches`, why)
  }

  private remove(file: LocatedFile['path'], why: string): void {
    if (this.removed.has(file)) return
    this.removed.add(file)
    this.add({ kind: 'remove', path: file }, `take ${shortPath(file)} away`, why)
  }

  private add(step: Step, what: string, why: string): void {
    this.planned.push({ step, logDir: this.facts.files.dir.logDir, what, why })
  }
}

function indexedFiles({ log, index, timeindex, txnindex }: SegmentFiles): LocatedFile[] {
  return [log, index, timeindex, txnindex].filter((file) => file !== undefined)
}

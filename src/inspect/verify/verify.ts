import type { FileSystem } from '../../base/file-system.ts'
import { type Located, locate } from '../locate.ts'
import { type LockProbe, type LogDirState, readLogDirState } from '../log-dir-state.ts'
import { groupByPartition, type PartitionFiles } from '../partition-files.ts'
import { type Finding, Findings, type Severity } from './finding.ts'
import { checkLogDir } from './log-dir-check.ts'
import { checkPartition, type PartitionFacts } from './partition-check.ts'
import { compareReplicas } from './replica-check.ts'
import type { VerifyContext } from './segment-check.ts'

export interface VerifyOptions {
  readonly located: Located
  /** The records inside the batches too. */
  readonly deep: boolean
  readonly isLocked: LockProbe
  readonly signal: AbortSignal
  readonly onFinding: (finding: Finding) => void
  readonly onBytes?: (bytes: number) => void
  /** Called when a partition was read through; what was found in it has been told by then. */
  readonly onPartition?: (facts: PartitionFacts, state: LogDirState) => Promise<void> | void
}

export interface VerifySummary {
  readonly partitions: number
  readonly segments: number
  readonly bytes: number
  readonly found: Readonly<Record<Severity, number>>
}

/**
 * Checks log files against each other and against what Kafka would have written. Only reads; memory does not grow with the
 * logs. What a broker that runs is about to write is not held against it.
 */
export async function verify(fs: FileSystem, options: VerifyOptions): Promise<VerifySummary> {
  const { located, signal } = options
  const findings = new Findings(options.onFinding)
  const states = new Map<string, LogDirState>()
  const stateOf = (logDir: string): LogDirState => {
    const known = states.get(logDir) ?? readLogDirState(fs, logDir, options.isLocked)
    states.set(logDir, known)
    return known
  }
  const replicas = new Map<string, PartitionFacts[]>()
  let segments = 0
  let bytes = 0
  const context: VerifyContext = {
    fs,
    deep: options.deep,
    signal,
    onBytes: (count) => {
      bytes += count
      options.onBytes?.(count)
    },
  }
  const groups = groupByPartition(located).filter(({ dir }) => dir.mark !== 'delete')
  for (const group of groups) {
    signal.throwIfAborted()
    const files = group.dir.isPartial === true ? withNeighbours(fs, group) : group
    const state = stateOf(files.dir.logDir)
    const facts = await checkPartition(context, files, state, findings)
    segments += files.only?.size ?? files.segments.length
    if (files.dir.mark === undefined && files.only === undefined) {
      replicas.set(files.name, [...(replicas.get(files.name) ?? []), facts])
    }
    await options.onPartition?.(facts, state)
  }
  for (const facts of replicas.values()) {
    await compareReplicas(fs, facts, (one) => stateOf(one.files.dir.logDir), findings, signal)
  }
  checkLogDirs(fs, located, stateOf, findings)
  findings.flush()
  return { partitions: groups.length, segments, bytes, found: findings.totals }
}

function checkLogDirs(
  fs: FileSystem,
  located: Located,
  stateOf: (logDir: string) => LogDirState,
  findings: Findings,
): void {
  for (const logDir of located.wholeLogDirs) {
    const partitions = located.partitionDirs.filter((dir) => dir.logDir === logDir && dir.mark === undefined)
    const names = new Set(partitions.map((dir) => `${dir.topic}-${dir.partition}`))
    const files = located.files.filter((file) => file.logDir === logDir && file.partitionDir === undefined)
    checkLogDir(fs, stateOf(logDir), files, names, findings)
  }
}

/** Single files are looked at beside those that belong to them. */
function withNeighbours(fs: FileSystem, group: PartitionFiles): PartitionFiles {
  const located = locate(fs, { names: [group.dir.path], dataDir: group.dir.logDir })
  const [whole] = groupByPartition(located)
  if (whole === undefined) return group
  const asked = [...group.segments, ...group.orphans, ...group.snapshots]
  const only = new Set(asked.map((one) => one.baseOffset ?? -1))
  const orphans = whole.orphans.filter((file) => only.has(file.baseOffset ?? -1))
  return { ...whole, others: group.others, marked: group.marked, orphans, only }
}

import type { LocatedFile } from '../locate.ts'
import { checkpointed, type LogDirState } from '../log-dir-state.ts'
import type { PartitionFiles, SegmentFiles } from '../partition-files.ts'
import type { Finding, Findings, Fix, Severity } from './finding.ts'

/** What is kept for {@link PartitionScope.settle}. */
const MAX_DEFERRED = 1000

type Place = Partial<Pick<Finding, 'position' | 'offset'>> & { readonly fix?: Fix }

/** One partition under check: what its findings have in common, and how severe an unfinished end is. */
export class PartitionScope {
  readonly files: PartitionFiles
  readonly logDir: LogDirState
  private readonly findings: Findings
  private readonly deferred: Finding[] = []

  constructor(files: PartitionFiles, logDir: LogDirState, findings: Findings) {
    this.files = files
    this.logDir = logDir
    this.findings = findings
  }

  get name(): string {
    return this.files.name
  }

  add(
    severity: Severity,
    check: string,
    file: LocatedFile | string,
    reason: string,
    advice: string,
    place: Place = {},
  ): void {
    this.findings.add(this.finding(severity, check, file, reason, advice, place))
  }

  /** For what compaction may have done rightly; whether it was at work is known only when all was read. */
  addUnlessCompacted(...parts: Parameters<PartitionScope['add']>): void {
    if (this.deferred.length < MAX_DEFERRED) this.deferred.push(this.finding(...parts))
  }

  settle(isCompacted: boolean): void {
    if (!isCompacted) for (const finding of this.deferred) this.findings.add(finding)
    this.deferred.length = 0
  }

  private finding(...parts: Parameters<PartitionScope['add']>): Finding {
    const [severity, check, file, reason, advice, place] = parts
    const path = typeof file === 'string' ? file : file.path
    return { severity, check, path, partition: this.files.dir, reason, advice, ...place }
  }

  isLast(segment: SegmentFiles): boolean {
    return segment === this.files.segments.at(-1)
  }

  /**
   * How bad it is that the last segment does not end well. A broker that runs is just writing; after a kill, the next
   * start reads everything from the recovery point on and puts it right; after an orderly end it must not be.
   */
  tailSeverity(segment: SegmentFiles, offset: number): Severity {
    if (!this.isLast(segment)) return 'error'
    if (this.logDir.isLive) return 'note'
    const recoveryPoint = checkpointed(this.logDir, 'recovery-point-offset-checkpoint', this.name) ?? 0
    return this.logDir.isLogDir && !this.logDir.isClean && offset >= recoveryPoint ? 'warning' : 'error'
  }
}

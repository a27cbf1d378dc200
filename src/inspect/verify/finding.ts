import type { PartitionDir } from '../locate.ts'

/**
 * `error`: bytes are damaged, lost, or lead readers astray. `warning`: not as a broker leaves it; it may be on its way, or
 * the next start of the broker puts it right. `note`: worth knowing, nothing is wrong.
 */
export type Severity = 'error' | 'warning' | 'note'

/** What `repair` can do about a finding. */
export type Fix =
  /** Bytes from `position` of that segment on, and all later segments, go. */
  | {
      readonly kind: 'cut'
      readonly baseOffset: number
      readonly position: number
      readonly endOffset: number
    }
  | { readonly kind: 'rebuild-indexes'; readonly baseOffset: number }
  | { readonly kind: 'rebuild-txn-index'; readonly baseOffset: number }
  | { readonly kind: 'remove-file'; readonly path: string }
  | { readonly kind: 'rewrite-epochs' }
  | { readonly kind: 'lower-checkpoint'; readonly checkpoint: string }
  | { readonly kind: 'remove-checkpoint'; readonly path: string }

export interface Finding {
  readonly severity: Severity
  /** Which rule: stable, for programs. */
  readonly check: string
  readonly path: string
  /** Byte in the file. */
  readonly position?: number
  readonly offset?: number
  readonly partition?: PartitionDir
  readonly reason: string
  readonly advice: string
  readonly fix?: Fix
}

/** Of one kind in one file; the rest is only counted. A damaged index can be wrong in a million places. */
const SHOWN_PER_FILE = 5

/** Where the checks put what they find. Passes it on at once; keeps only numbers. */
export class Findings {
  private readonly onFinding: (finding: Finding) => void
  private readonly counts = new Map<string, { readonly first: Finding; count: number }>()
  readonly totals: Record<Severity, number> = { error: 0, warning: 0, note: 0 }

  constructor(onFinding: (finding: Finding) => void) {
    this.onFinding = onFinding
  }

  add(finding: Finding): void {
    this.totals[finding.severity]++
    const key = `${finding.path}\n${finding.check}`
    const seen = this.counts.get(key)
    if (seen === undefined) this.counts.set(key, { first: finding, count: 1 })
    else seen.count++
    if ((seen?.count ?? 0) <= SHOWN_PER_FILE) this.onFinding(finding)
  }

  /** The files seen so far are done: says how much was left out. */
  flush(): void {
    for (const { first, count } of this.counts.values()) {
      if (count <= SHOWN_PER_FILE) continue
      const { severity, check, path, partition, advice } = first
      const reason = `the same in ${count - SHOWN_PER_FILE} more places`
      this.onFinding({ severity, check, path, ...(partition && { partition }), reason, advice })
    }
    this.counts.clear()
  }
}

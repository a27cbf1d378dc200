/** One thing that repair does. Paths are those of the files that change. */
export type Step =
  /** The bytes from `position` on go. */
  | { readonly kind: 'cut'; readonly path: string; readonly position: number; readonly sizeBytes: number }
  /** The file goes to the copies. */
  | { readonly kind: 'remove'; readonly path: string }
  /** `.index` and `.timeindex` are built from the log. */
  | { readonly kind: 'rebuild-indexes'; readonly path: string; readonly baseOffset: number }
  /** `.txnindex` is built from the log. */
  | { readonly kind: 'rebuild-txn-index'; readonly path: string; readonly baseOffset: number }
  /** The small file gets this text. */
  | { readonly kind: 'rewrite'; readonly path: string; readonly text: string }

export interface PlannedStep {
  readonly step: Step
  /** Of the partition or log directory: where the broker must not run. */
  readonly logDir: string
  /** What is done, as a sentence without its subject: `cut the last 12 bytes off …`. */
  readonly what: string
  readonly why: string
}

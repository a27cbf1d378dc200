/** The broker's settings of compaction (`log.cleaner.*`), with Kafka's defaults. */
export interface CleanerConfig {
  readonly isEnabled: boolean
  /** Passes that run at the same time. */
  readonly threads: number
  /** Memory for the maps of keys, of all threads together; a pass takes no more than its log can need. */
  readonly dedupeBufferBytes: number
  readonly loadFactor: number
  /** Read and write buffers of all threads together. */
  readonly ioBufferBytes: number
  /** Read and written, of all threads together. */
  readonly maxIoBytesPerSecond: number
  /** Between two looks when there is nothing to clean. */
  readonly backoffMs: number
}

export const DEFAULT_CLEANER_CONFIG: CleanerConfig = {
  isEnabled: true,
  threads: 1,
  dedupeBufferBytes: 128 * 1024 * 1024,
  loadFactor: 0.9,
  ioBufferBytes: 512 * 1024,
  maxIoBytesPerSecond: Number.MAX_VALUE,
  backoffMs: 15_000,
}

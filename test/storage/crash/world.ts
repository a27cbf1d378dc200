import type { FileSystem } from '../../../src/base/file-system.ts'
import { silentLogger } from '../../../src/base/logger.ts'
import { seededRandom } from '../../../src/base/random.ts'
import { type ABORT_MARKER, buildEndTxnMarker, type COMMIT_MARKER } from '../../../src/records/index.ts'
import { DEFAULT_LOG_CONFIG, type Log, type LogConfig, LogManager } from '../../../src/storage/index.ts'
import type { LogTuning } from '../../../src/storage/log-context.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import type { MemoryFileSystem } from '../../support/memory-file-system.ts'
import { batchOf, TOPIC_ID } from '../support.ts'

export const LOG_DIR = '/data'
export const PARTITION_DIR = `${LOG_DIR}/t-0`
export const PRODUCER_ID = 7
const START_MS = 1_700_000_000_000

export interface Settings {
  readonly config?: Partial<LogConfig>
  readonly tuning?: Partial<LogTuning>
  readonly logDirs?: readonly string[]
}

/** Small enough that a few records make several segments and index entries. */
export const SMALL: Settings = {
  config: { segmentBytes: 420, indexIntervalBytes: 100, fileDeleteDelayMs: 0 },
}

/** What a process did to a log and was told about it, up to the moment at which it died. */
export class Ledger {
  /** Acknowledged, by offset; truncated and deleted ones are taken out before that begins. */
  readonly acknowledged = new Map<number, string>()
  /** Everything that was ever to be written at an offset. */
  readonly attempted = new Map<number, Set<string>>()
  /** The log may begin anywhere from 0 to here. */
  highestStart = 0
  /** All before it is acknowledged and synced. */
  flushedTo = 0
  /** Names of values: no two records are the same. */
  counter = 0

  attempt(offset: number, value: string): void {
    const values = this.attempted.get(offset) ?? new Set()
    this.attempted.set(offset, values.add(value))
  }

  forgetFrom(offset: number): void {
    for (const each of [...this.acknowledged.keys()]) if (each >= offset) this.acknowledged.delete(each)
    this.flushedTo = Math.min(this.flushedTo, offset)
  }
}

/** One process on a log directory with the partition t-0, which writes down what it is promised. */
export class World {
  readonly clock = new ManualClock()
  readonly ledger: Ledger
  readonly settings: Settings
  fs: MemoryFileSystem
  epoch = 0
  private manager: LogManager | undefined
  private openLog: Log | undefined

  constructor(fs: MemoryFileSystem, settings: Settings, ledger = new Ledger()) {
    this.fs = fs
    fs.nowMs = () => this.clock.now
    this.settings = settings
    this.ledger = ledger
  }

  get logs(): LogManager {
    if (this.manager === undefined) throw new Error('not started')
    return this.manager
  }

  get log(): Log {
    if (this.openLog === undefined) throw new Error('no log')
    return this.openLog
  }

  /** The process runs, and the directory serves. */
  get isOnline(): boolean {
    return this.manager?.isOnline === true
  }

  async start(): Promise<void> {
    this.manager = await openManager(this.fs, this.settings, this.clock)
  }

  /** The log t-0, made when it is not there. */
  async open(): Promise<Log> {
    if (this.manager === undefined) await this.start()
    this.openLog = this.logs.getOrCreateLog('t', 0, { topicId: TOPIC_ID })
    await this.openLog.open()
    return this.openLog
  }

  /** One batch of `count` records from the idempotent producer, in the current epoch. */
  async send(count = 2): Promise<number> {
    const { log, ledger, epoch } = this
    const from = log.logEndOffset
    const values = Array.from({ length: count }, () => `v${ledger.counter++}-e${epoch}`)
    for (const [i, value] of values.entries()) ledger.attempt(from + i, value)
    const timestampMs = START_MS + from
    const known = (await log.activeProducers()).find(({ producerId }) => producerId === PRODUCER_ID)
    const baseSequence = (known?.lastSequence ?? -1) + 1
    const producer = { producerId: PRODUCER_ID, producerEpoch: 0, baseSequence }
    const bytes = batchOf(values, { ...producer, timestampMs })
    const info = await log.appendAsLeader(bytes, { leaderEpoch: epoch, origin: 'client' })
    for (const [i, value] of values.entries()) ledger.acknowledged.set(info.firstOffset + i, value)
    this.noteFlushed()
    return info.firstOffset
  }

  /** A batch of the producer's transaction. */
  async sendTransactional(producerId: number, baseSequence: number): Promise<void> {
    const { log, ledger, epoch } = this
    const from = log.logEndOffset
    const value = `t${ledger.counter++}-e${epoch}`
    ledger.attempt(from, value)
    const timestampMs = START_MS + from
    const bytes = batchOf([value], {
      producerId,
      producerEpoch: 0,
      baseSequence,
      isTransactional: true,
      timestampMs,
    })
    await log.appendAsLeader(bytes, { leaderEpoch: epoch, origin: 'client' })
    ledger.acknowledged.set(from, value)
  }

  async endTransaction(producerId: number, type: typeof ABORT_MARKER | typeof COMMIT_MARKER): Promise<void> {
    const marker = buildEndTxnMarker({
      type,
      producerId,
      producerEpoch: 0,
      coordinatorEpoch: 0,
      timestampMs: START_MS + this.log.logEndOffset,
    })
    await this.log.appendAsLeader(marker, { leaderEpoch: this.epoch, origin: 'coordinator' })
  }

  async sendMany(batches: number, count = 2): Promise<void> {
    for (let i = 0; i < batches; i++) await this.send(count)
  }

  async flush(): Promise<void> {
    await this.log.flush()
    this.noteFlushed()
  }

  async truncateTo(offset: number): Promise<void> {
    this.ledger.forgetFrom(offset)
    await this.log.truncateTo(offset)
  }

  async truncateFullyAndStartAt(offset: number): Promise<void> {
    this.ledger.forgetFrom(0)
    this.ledger.highestStart = Math.max(this.ledger.highestStart, offset)
    await this.log.truncateFullyAndStartAt(offset)
  }

  async deleteRecords(offset: number): Promise<void> {
    this.ledger.highestStart = Math.max(this.ledger.highestStart, offset)
    await this.log.incrementLogStartOffset(offset)
  }

  async deleteOldSegments(): Promise<number> {
    this.ledger.highestStart = Math.max(this.ledger.highestStart, this.log.highWatermark)
    return this.log.deleteOldSegments()
  }

  deleteTopic(): void {
    this.ledger.acknowledged.clear()
    this.ledger.flushedTo = 0
    this.logs.deleteLog('t', 0)
  }

  async shutdown(): Promise<void> {
    await this.logs.shutdown()
    if (this.openLog !== undefined) this.noteFlushed()
  }

  private noteFlushed(): void {
    this.ledger.flushedTo = Math.max(this.ledger.flushedTo, this.log.recoveryPoint)
  }
}

export function openManager(
  fs: FileSystem,
  settings: Settings,
  clock = new ManualClock(),
  logger = silentLogger,
): Promise<LogManager> {
  return LogManager.open({
    fs,
    clock,
    logger,
    random: seededRandom(1),
    logDirs: settings.logDirs ?? [LOG_DIR],
    brokerId: 1,
    clusterId: 'test-cluster',
    defaults: { ...DEFAULT_LOG_CONFIG, ...settings.config },
    loadTopicConfig: () => ({}),
    ...(settings.tuning && { tuning: settings.tuning }),
  })
}

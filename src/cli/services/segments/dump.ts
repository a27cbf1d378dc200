import { KcliError, messageOf, systemErrorCode } from '../../../base/errors.ts'
import { nodeFileSystem } from '../../../base/node-file-system.ts'
import {
  type DumpedRecord,
  type DumpProblem,
  dumpBatches,
  dumpRecords,
  entryFields,
  readEntries,
} from '../../../inspect/dump/index.ts'
import type { LocatedFile } from '../../../inspect/index.ts'
import { defaultFormat, type PayloadFormat, readPayload } from '../../../inspect/payload/index.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import type { RecordFilter } from '../../filter/index.ts'
import { RowStream } from '../../output/row-stream.ts'
import { ChunkWriter } from '../../records/chunk-writer.ts'
import { BATCH_ROWS, entryRows, outputRecordOf, recordRows } from './dump-rows.ts'
import { type DumpSelection, selectFiles } from './dump-selection.ts'

export interface DumpSegmentsOptions extends DumpSelection {
  readonly records: boolean
  /** Only records whose key, as it is shown, is this. */
  readonly key: string | undefined
  readonly keyFormat: PayloadFormat | undefined
  readonly valueFormat: PayloadFormat | undefined
  /** Only records that fit; markers of transactions never do. */
  readonly recordFilter: RecordFilter | undefined
  readonly limit: number | undefined
}

/** What lies in log files, row by row, in constant memory. Nothing is changed, and no lock is taken. */
export async function dumpSegments(
  context: CommandContext,
  options: DumpSegmentsOptions,
): Promise<number | undefined> {
  const files = selectFiles(context, options)
  const chunks = new ChunkWriter(context.out.sink)
  const { color } = context.terminal
  const rows = await RowStream.open({
    format: context.out.format,
    headers: context.flags.headers !== false,
    color: color && context.out.sink.isTerminal,
    out: chunks.add,
  })
  const dump = new Dump(context, options, rows, chunks)
  const isMany = files.length > 1
  try {
    for (const file of files) {
      if (dump.isDone) break
      if (isMany) dump.announce(file)
      await dump.file(file)
    }
    rows.finish()
  } finally {
    await chunks.flush()
  }
  dump.tellEnd()
  return dump.hasFailed ? EXIT.failed : undefined
}

class Dump {
  hasFailed = false
  private readonly context: CommandContext
  private readonly options: DumpSegmentsOptions
  private readonly rows: RowStream
  private readonly chunks: ChunkWriter
  private count = 0
  private title: string | undefined

  constructor(context: CommandContext, options: DumpSegmentsOptions, rows: RowStream, chunks: ChunkWriter) {
    this.context = context
    this.options = options
    this.rows = rows
    this.chunks = chunks
  }

  get isDone(): boolean {
    return this.count >= (this.options.limit ?? Infinity) || this.context.signal.aborted
  }

  /** The heading comes with the first row below it. */
  announce(file: LocatedFile): void {
    this.title = file.path
  }

  async file(file: LocatedFile): Promise<void> {
    try {
      if (file.kind === 'log') await (this.options.records ? this.records(file) : this.batches(file))
      else await this.entries(file)
    } catch (error) {
      this.fail(file, error)
    }
  }

  tellEnd(): void {
    if (this.count === 0 && !this.hasFailed && !this.context.out.isData)
      this.context.out.note('Nothing matches.')
  }

  private async batches(file: LocatedFile): Promise<void> {
    for await (const batch of dumpBatches(nodeFileSystem, file, this.logOptions()))
      if (!(await this.row(() => this.rows.add(BATCH_ROWS, batch)))) return
  }

  private async records(file: LocatedFile): Promise<void> {
    const standard = defaultFormat(file.partitionDir?.topic)
    const formats = {
      key: this.options.keyFormat ?? standard,
      value: this.options.valueFormat ?? standard,
    }
    const kind = recordRows(formats)
    for await (const record of dumpRecords(nodeFileSystem, file, this.logOptions())) {
      if (!this.hasKey(record, formats.key) || !this.fits(record)) continue
      if (!(await this.row(() => this.rows.add(kind, record)))) return
    }
  }

  private fits(row: DumpedRecord): boolean {
    const { recordFilter } = this.options
    return recordFilter === undefined || (row.marker === undefined && recordFilter(outputRecordOf(row)))
  }

  private hasKey(row: DumpedRecord, format: PayloadFormat): boolean {
    const { key } = this.options
    if (key === undefined) return true
    return row.marker === undefined && readPayload(format, row.record, 'key')?.text === key
  }

  private async entries(file: LocatedFile): Promise<void> {
    const fields = entryFields(file.kind)
    if (fields === undefined) {
      this.context.out.warn(`${file.path} is none of the files that Kafka writes to a log directory`)
      this.hasFailed = true
      return
    }
    const kind = entryRows(file, fields)
    for await (const entry of readEntries(nodeFileSystem, file))
      if (!(await this.row(() => this.rows.add(kind, entry)))) return
  }

  private logOptions() {
    const onProblem = (problem: DumpProblem) => {
      if (problem.kind === 'damaged') this.hasFailed = true
      this.context.out.warn(`${problem.file.path}: ${problem.text}`)
    }
    return { filter: this.options.filter, onProblem }
  }

  /** False when no more rows are wanted. */
  private async row(add: () => void): Promise<boolean> {
    if (this.isDone) return false
    if (this.title !== undefined) this.rows.part(this.title)
    this.title = undefined
    add()
    this.count++
    if (this.chunks.waiting !== undefined) await this.chunks.waiting
    return !this.isDone
  }

  /** A file that cannot be read does not keep the others from being shown. */
  private fail(file: LocatedFile, error: unknown): void {
    const code = systemErrorCode(error)
    if (!(error instanceof KcliError) && code === undefined) throw error
    if (code === 'EPIPE') throw error
    // A broker removes files while we look.
    if (code === 'ENOENT') {
      this.context.out.warn(`${file.path} is gone`)
      return
    }
    this.hasFailed = true
    this.context.out.warn(`${file.path}: ${messageOf(error)}`)
  }
}

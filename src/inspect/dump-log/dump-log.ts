/**
 * kafka.tools.DumpLogSegments of Kafka 3.9: its output to the byte, without its options (those are the command's). What Kafka
 * lets fall out of main is a JavaException here. Files are only read; a `.log` is walked through in bounded memory.
 */
import type { FileSystem } from '../../base/file-system.ts'
import { JavaException } from '../../base/java-exception.ts'
import { javaHash } from '../../base/java-hash.ts'
import { dumpIndex, dumpTimeIndex } from './index-files.ts'
import { absolutePath, fileName, javaPath, type Long, scalaHashOrder } from './java.ts'
import { dumpLog } from './log-file.ts'
import {
  decoderParser,
  type MessageParser,
  newDecoder,
  offsetsParser,
  transactionLogParser,
} from './message-parser.ts'
import { dumpProducerSnapshot, dumpTxnIndex } from './producer-files.ts'

export interface DumpLogOptions {
  readonly files: readonly string[]
  readonly printDataLog: boolean
  readonly deepIteration: boolean
  readonly verifyIndexOnly: boolean
  readonly indexSanityCheck: boolean
  readonly skipRecordMetadata: boolean
  readonly decoder:
    | { readonly kind: 'offsets' | 'transaction-log' }
    | { readonly kind: 'classes'; readonly key: () => string; readonly value: () => string }
  /** Functions, since Kafka converts and complains only when it needs the number. */
  readonly maxMessageSize: () => number
  readonly maxBytes: () => number
}

export interface DumpLogOutput {
  out(text: string): void
  err(text: string): void
  /** A promise when the reader of the output is behind. */
  readonly waiting: Promise<void> | undefined
}

type Report = 'indexMismatch' | 'nonConsecutive' | 'timeMismatch' | 'timeOutOfOrder' | 'offsetNotFound'

export async function dumpLogSegments(
  fs: FileSystem,
  options: DumpLogOptions,
  output: DumpLogOutput,
  workingDir: string,
): Promise<void> {
  const session = new DumpSession(fs, options, output, workingDir)
  for (const name of options.files) {
    const file = javaPath(name)
    session.print(`Dumping ${file}\n`)
    await dumpFile(session, file)
  }
  session.printReports()
}

async function dumpFile(session: DumpSession, file: string): Promise<void> {
  const { options } = session
  switch (suffixOf(fileName(file))) {
    case '.log':
    case '.checkpoint':
      return await dumpLog(session, file, options.maxBytes)
    case '.index':
      return await dumpIndex(session, file, options.maxMessageSize())
    case '.timeindex':
      return await dumpTimeIndex(session, file)
    case '.snapshot':
      return dumpProducerSnapshot(session, file)
    case '.txnindex':
      return dumpTxnIndex(session, file)
    default:
      return session.error(`Ignoring unknown file ${file}\n`)
  }
}

function suffixOf(name: string): string {
  const dot = name.lastIndexOf('.')
  if (dot !== -1) return name.slice(dot)
  throw new JavaException(
    'java.lang.StringIndexOutOfBoundsException',
    `begin -1, end ${name.length}, length ${name.length}`,
  )
}

/** What the dump of one file needs, and what is told of all of them in the end. */
export class DumpSession {
  readonly fs: FileSystem
  readonly options: DumpLogOptions
  readonly workingDir: string
  private readonly output: DumpLogOutput
  private readonly reports = new Map<Report, Map<string, (readonly [Long, Long])[]>>()

  constructor(fs: FileSystem, options: DumpLogOptions, output: DumpLogOutput, workingDir: string) {
    this.fs = fs
    this.options = options
    this.output = output
    this.workingDir = workingDir
  }

  print(text: string): void {
    this.output.out(text)
  }

  error(text: string): void {
    this.output.err(text)
  }

  get isBehind(): boolean {
    return this.output.waiting !== undefined
  }

  async room(): Promise<void> {
    await this.output.waiting
  }

  /** Made anew for each file, as Kafka does: the notes about old class names come each time. */
  messageParser(): MessageParser {
    const { decoder } = this.options
    if (decoder.kind !== 'classes') return decoder.kind === 'offsets' ? offsetsParser : transactionLogParser
    const note = (line: string) => this.print(line)
    const value = newDecoder(decoder.value(), note)
    return decoderParser(newDecoder(decoder.key(), note), value)
  }

  report(kind: Report, file: string, first: Long, second: Long): void {
    const byFile = this.reports.get(kind) ?? new Map<string, (readonly [Long, Long])[]>()
    this.reports.set(kind, byFile)
    const absolute = absolutePath(file, this.workingDir)
    const pairs = byFile.get(absolute) ?? []
    byFile.set(absolute, pairs)
    pairs.push([first, second])
  }

  printReports(): void {
    // Kafka's lists of these two grow at their front.
    this.tell(
      'indexMismatch',
      true,
      (file) => `Mismatches in :${file}`,
      (a, b) => `  Index offset: ${a}, log offset: ${b}`,
    )
    this.tell(
      'timeMismatch',
      false,
      (file) => `Found timestamp mismatch in :${file}`,
      (a, b) => `  Index timestamp: ${a}, log timestamp: ${b}`,
    )
    this.tell(
      'timeOutOfOrder',
      false,
      (file) => `Found out of order timestamp in :${file}`,
      (a, b) => `  Index timestamp: ${a}, Previously indexed timestamp: ${b}`,
    )
    this.tell(
      'offsetNotFound',
      false,
      () => 'The following indexed offsets are not found in the log.',
      (a, b) => `Indexed offset: ${a}, found log offset: ${b}`,
    )
    this.tell(
      'nonConsecutive',
      true,
      (file) => `Non-consecutive offsets in ${file}`,
      (a, b) => `  ${a} is followed by ${b}`,
    )
  }

  private tell(
    kind: Report,
    newestFirst: boolean,
    head: (file: string) => string,
    line: (a: Long, b: Long) => string,
  ): void {
    const byFile = [...(this.reports.get(kind) ?? [])]
    for (const [file, pairs] of scalaHashOrder(byFile, ([path]) => javaHash(path))) {
      const lines = pairs.map(([a, b]) => line(a, b))
      if (newestFirst) lines.reverse()
      this.error([head(file), ...lines].map((text) => `${text}\n`).join(''))
    }
  }
}

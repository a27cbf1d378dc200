import fs from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { fileProblem, KcliError, systemErrorCode } from './errors.ts'

/** Where a command writes its data. */
export interface ByteSink {
  readonly isTerminal: boolean
  /** Neither a terminal nor a pipe, behind which there may be a terminal too. */
  readonly isFile?: boolean
  /** Resolves when more may be written; undefined means at once. Rejects with {@link ClosedPipeError} when nobody reads. */
  write(bytes: Uint8Array | string): Promise<void> | undefined
  /** Resolves when everything written has left the process. */
  flush(): Promise<void>
}

export interface ClosableSink extends ByteSink {
  /** When all is written. */
  close(): Promise<void>
}

/** The reader of our output went away, as `head` does when it has seen enough. Not a failure. */
export class ClosedPipeError extends Error {
  readonly code = 'EPIPE'

  constructor() {
    super('the reader closed the pipe')
  }
}

/**
 * Standard output for data. The stream's own callback tells when the kernel took the bytes, so that a slow reader slows the
 * command down and never fills the memory.
 */
export function standardOutput(): ByteSink {
  return { ...sinkOf(process.stdout, process.stdout.isTTY === true), isFile: statOf(1)?.isFile() === true }
}

/** A file that the user named, from its beginning or behind what it holds. */
export function fileOutput(path: string, append: boolean): ClosableSink {
  return { ...closable(fs.createWriteStream(path, { flags: append ? 'a' : 'w' })), isFile: true }
}

/** What another program reads. */
export function pipeOutput(stream: Writable): ClosableSink {
  return closable(stream)
}

function closable(stream: Writable): ClosableSink {
  const sink = sinkOf(stream, false)
  return {
    ...sink,
    close: async () => {
      await sink.flush()
      // The callback of `end` never comes when the other side has gone.
      if (stream.destroyed) return
      await new Promise<void>((resolve, reject) => {
        stream.once('error', reject)
        stream.once('close', resolve)
        stream.end()
      })
    },
  }
}

function sinkOf(stream: Writable, isTerminal: boolean): ByteSink {
  let failure: Error | undefined
  let pending = 0
  let waiting: (() => void)[] = []
  const settle = () => {
    const woken = waiting
    waiting = []
    for (const wake of woken) wake()
  }
  stream.on('error', (error) => {
    failure ??= systemErrorCode(error) === 'EPIPE' ? new ClosedPipeError() : error
    settle()
  })
  stream.on('drain', settle)
  const wait = async (isDone: () => boolean) => {
    while (!isDone() && failure === undefined) await new Promise<void>((resolve) => waiting.push(resolve))
    if (failure !== undefined) throw failure
  }
  return {
    isTerminal,
    write(bytes) {
      if (failure !== undefined) return Promise.reject(failure)
      pending++
      const hasRoom = stream.write(bytes, () => {
        pending--
        settle()
      })
      return hasRoom ? undefined : wait(() => !stream.writableNeedDrain)
    },
    flush: () => wait(() => pending === 0),
  }
}

/** Whether standard input is a file or a pipe, and not the nothing that services and tests are given. */
export function hasInput(): boolean {
  const stat = statOf(0)
  return stat?.isFile() === true ? stat.size > 0 : stat?.isFIFO() === true
}

/** Of a file, or of standard input where that is one; undefined where it cannot be known, as of pipes. */
export function inputSizeBytes(path?: string): number | undefined {
  const stat = statOf(path ?? 0)
  return stat?.isFile() === true ? stat.size : undefined
}

/** Of a path or a descriptor; undefined when there is no such thing. */
function statOf(file: string | number): fs.Stats | undefined {
  try {
    return typeof file === 'string' ? fs.statSync(file) : fs.fstatSync(file)
  } catch {
    return undefined
  }
}

/** Standard input in chunks as they come. Ends early, without an error, when `signal` is aborted. */
export function standardInputChunks(signal: AbortSignal): AsyncGenerator<Buffer> {
  return chunksOf(() => process.stdin, signal)
}

/** A file in chunks. Ends early, without an error, when `signal` is aborted. */
export async function* fileChunks(path: string, signal: AbortSignal): AsyncGenerator<Buffer> {
  try {
    yield* chunksOf(() => fs.createReadStream(path, { highWaterMark: 256 * 1024 }), signal)
  } catch (cause) {
    if (systemErrorCode(cause) === undefined) throw cause
    const message = `${path} cannot be read: ${fileProblem(cause)}`
    throw new KcliError('KCLI_FILE', message, { hint: 'Check its name, and who may read it.', cause })
  }
}

async function* chunksOf(open: () => Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  if (signal.aborted) return
  const stream = open()
  const stop = () => stream.destroy()
  signal.addEventListener('abort', stop)
  try {
    for await (const chunk of stream) yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk
  } catch (error) {
    // Destroying the stream makes its reader fail; the abort is the reason then.
    if (!signal.aborted) throw error
  } finally {
    signal.removeEventListener('abort', stop)
  }
}

/** A small text file that the user named (a properties file, a JSON file). */
export function readTextFile(path: string): string {
  return fs.readFileSync(path, 'utf8')
}

/** For what talks to a person: a prompt needs the streams themselves. */
export function standardInput(): NodeJS.ReadStream {
  return process.stdin
}

export function standardOutputStream(): NodeJS.WriteStream {
  return process.stdout
}

import { sleep } from '../../base/clock.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import type { BuiltinCall } from './builtins.ts'
import { StatementInterruption } from './statement-host.ts'

/** `time COMMAND`: the duration goes to stderr, behind what the command says. */
export async function timeCommand({ session, streams, words }: BuiltinCall): Promise<number> {
  if (words.length === 0) throw new UsageError('no command to time', 'Write: time COMMAND')
  const startMs = session.clock.monotonicMs()
  try {
    return await session.runWords(words, streams)
  } finally {
    await streams.sink.flush()
    process.stderr.write(`${durationText(session.clock.monotonicMs() - startMs)}\n`)
  }
}

/** `0.012 s`, `1 min 03 s`. */
export function durationText(durationMs: number): string {
  if (durationMs < 60_000) return `${(durationMs / 1000).toFixed(3)} s`
  const seconds = Math.round(durationMs / 1000)
  return `${Math.floor(seconds / 60)} min ${`${seconds % 60}`.padStart(2, '0')} s`
}

const CLEAR_SCREEN = '\u001b[H\u001b[2J'

/** `watch [2s] COMMAND`: on a terminal each run has the screen for itself. Ends with Ctrl-C or a failure. */
export async function watchCommand({ session, streams, words }: BuiltinCall): Promise<number> {
  const { intervalMs, command } = watchWords(words)
  const interruption = new StatementInterruption(0)
  const { signal } = interruption
  // A pager would wait for somebody to leave it.
  const { pager: _, ...plain } = streams
  try {
    while (!signal.aborted) {
      if (streams.sink.isTerminal)
        await streams.sink.write(`${CLEAR_SCREEN}Every ${intervalMs / 1000} s: ${command.join(' ')}\n\n`)
      const code = await session.runWords(command, plain)
      if (signal.aborted) break
      if (code !== EXIT.done) return code
      await interruption.guard(sleep(session.clock, intervalMs)).catch(() => undefined)
    }
    return EXIT.done
  } finally {
    interruption.dispose()
  }
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 }

/** `2s`, `500ms`, `0.5`, or `-n 2`; two seconds where nothing is said. */
function watchWords(words: readonly string[]): { intervalMs: number; command: readonly string[] } {
  const hasFlag = words[0] === '-n'
  const [text = '', ...rest] = hasFlag ? words.slice(1) : words
  const [, count, unit = 's'] = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text) ?? []
  const intervalMs = count === undefined ? (hasFlag ? 0 : 2000) : Number(count) * (UNIT_MS[unit] ?? 1000)
  const command = count === undefined && !hasFlag ? words : rest
  if (!(intervalMs >= 100 && intervalMs <= 86_400_000) || command.length === 0)
    throw new UsageError('watch needs a command, and an interval from 100ms on', 'Write: watch 2s COMMAND')
  return { intervalMs, command }
}

/** `repeat N COMMAND`. Ctrl-C ends the command and what was still to come. */
export async function repeatCommand({ session, streams, words }: BuiltinCall): Promise<number> {
  const [text = '', ...command] = words
  if (!/^[1-9]\d{0,8}$/.test(text) || command.length === 0)
    throw new UsageError('repeat needs how many times, and a command', 'Write: repeat 3 COMMAND')
  const interruption = new StatementInterruption(0)
  try {
    for (let i = 0; i < Number(text); i++) {
      const code = await session.runWords(command, streams)
      if (code !== EXIT.done) return code
      // Words of the shell itself would never let a signal in.
      if (i % 100 === 99) await sleep(session.clock, 0)
      if (interruption.signal.aborted) return interruption.exitCode ?? EXIT.interrupted
    }
    return EXIT.done
  } finally {
    interruption.dispose()
  }
}

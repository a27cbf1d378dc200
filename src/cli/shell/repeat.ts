import { sleep } from '../../base/clock.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { ProcessInterruption } from '../interruption.ts'
import type { BuiltinCall } from './builtins.ts'

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

/** `watch [-n SECONDS] COMMAND`: on a terminal each run has the screen for itself. Ends with Ctrl-C or a failure. */
export async function watchCommand({ session, streams, words }: BuiltinCall): Promise<number> {
  const { intervalMs, command } = watchWords(words)
  const interruption = new ProcessInterruption(0)
  const { signal } = interruption
  try {
    while (!signal.aborted) {
      if (streams.sink.isTerminal)
        await streams.sink.write(`${CLEAR_SCREEN}Every ${intervalMs / 1000} s: ${command.join(' ')}\n\n`)
      const code = await session.runWords(command, streams)
      if (signal.aborted) break
      if (code !== EXIT.done) return code
      await interruption.guard(sleep(session.clock, intervalMs)).catch(() => undefined)
    }
    return EXIT.done
  } finally {
    interruption.dispose()
  }
}

function watchWords(words: readonly string[]): { intervalMs: number; command: readonly string[] } {
  const hasInterval = words[0] === '-n'
  const seconds = hasInterval ? Number(words[1]) : 2
  const command = hasInterval ? words.slice(2) : words
  if (!(seconds >= 0.1 && seconds <= 86_400) || command.length === 0)
    throw new UsageError('watch needs a command, and seconds from 0.1 on', 'Write: watch -n 2 COMMAND')
  return { intervalMs: seconds * 1000, command }
}

/** What Kafka's scripts that start and stop servers have in common. */
import path from 'node:path'
import { startDaemon } from '../../../base/daemon.ts'
import { KcliError, messageOf } from '../../../base/errors.ts'
import type { CommandContext } from '../../context.ts'
import { EXIT } from '../../exit-codes.ts'
import { JavaExit } from '../../jopt/java-main.ts'
import { formatError } from '../../report-error.ts'
import { stateDirectory } from '../../state-directory.ts'

/** How the command was called, and what starts it again. */
export interface Script {
  /** `$0` of a script. */
  readonly calledAs: string
  /** `bin/run.js` */
  readonly program: string
  /** `kafka-server-start` */
  readonly id: string
}

/** What the scripts say of an empty command line, on stdout. */
export function scriptUsage({ calledAs }: Script, words: string): JavaExit {
  return new JavaExit(1, { out: `USAGE: ${calledAs} ${words}\n` })
}

/** `-daemon`: the same command line without it, in the background. What it says is in a file of LOG_DIR, as with Kafka. */
export async function startInBackground(
  context: CommandContext,
  { program, id }: Script,
  words: readonly string[],
  name: string,
): Promise<void> {
  const { env } = process
  const logDir = env.LOG_DIR || path.join(stateDirectory(env), 'logs')
  const outputFile = path.join(logDir, `${name}.out`)
  try {
    const pid = await startDaemon(process.execPath, [program, id, ...words], outputFile)
    context.out.note(`Process ${pid} in the background; what it says is in ${outputFile}.`)
  } catch (error) {
    throw new KcliError('KCLI_CANNOT_START', `cannot write to ${outputFile}: ${messageOf(error)}`, {
      hint: 'Name another folder in the environment variable LOG_DIR.',
      cause: error,
    })
  }
}

/**
 * The exit code of a server: that of the signal, for which this gives undefined, or 1 for what went wrong, whatever it is, as
 * Kafka's servers do. It is told here.
 */
export async function endOf(
  context: CommandContext,
  serving: Promise<void>,
  codeOf: (error: unknown) => number = () => EXIT.failed,
): Promise<number | undefined> {
  try {
    await serving
    return undefined
  } catch (error) {
    if (context.signal.aborted) throw error
    context.out.note(formatError(error, { debug: false }).trimEnd())
    return codeOf(error)
  }
}

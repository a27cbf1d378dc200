import { JavaException } from '../../../base/java-exception.ts'
import type { ClientSettings } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { openTarget, optionsWith } from '../../target.ts'
import { type ArgparseDefinition, type ArgparseResult, argparseError, parseArguments } from '../argparse.ts'
import { loadProperties } from '../client-properties.ts'
import { type ProgramStreams, runProgram } from '../java-program.ts'

/** What both programs that verify are called with. */
export interface Invocation {
  readonly found: ArgparseResult
  readonly bootstrap: string
  readonly streams: ProgramStreams
}

/** Runs one of them; a signal ends it in order, and is its exit code. */
export async function runVerifiable(
  context: CommandContext,
  words: readonly string[],
  definition: ArgparseDefinition,
  main: (invocation: Invocation) => Promise<void>,
): Promise<number | undefined> {
  const code = await runProgram(context, (streams) => {
    const found = parseArguments(words, definition)
    const bootstrap = found.value('--bootstrap-server') ?? found.value('--broker-list') ?? ''
    return main({ found, bootstrap, streams })
  })
  return context.signal.aborted ? undefined : code
}

/** Of the file that a flag such as `--producer.config` names. */
export function propertiesOf(
  found: ArgparseResult,
  flag: string,
  definition: ArgparseDefinition,
): Record<string, string> {
  try {
    return loadProperties(found.value(flag), flag)
  } catch (error) {
    throw error instanceof JavaException ? argparseError(definition, `${error.text}`) : error
  }
}

/** Lends a client's options as long as `work` takes. */
export async function withClient(
  { timeoutMs, version, signal }: CommandContext,
  bootstrap: string,
  settings: ClientSettings,
  work: (options: ReturnType<typeof optionsWith>) => Promise<void>,
): Promise<void> {
  const target = await openTarget({ 'bootstrap-server': bootstrap }, { timeoutMs, version, signal })
  try {
    await work(optionsWith(target, settings))
  } finally {
    await target.close()
  }
}

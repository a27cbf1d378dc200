import { KcliError } from '../../base/errors.ts'
import { JavaException } from '../../base/java-exception.ts'
import { formatHelp } from './help.ts'
import type { OptionParser, OptionSet } from './option-parser.ts'

/** The version of Kafka whose tools ours stand in for. */
export const KAFKA_VERSION = '3.9.1'

/** What `Exit.exit` does: the tool ends here. */
export class JavaExit extends KcliError {
  readonly exitCode: number
  readonly out: string
  readonly err: string

  constructor(exitCode: number, printed: { out?: string; err?: string }) {
    super('KCLI_JAVA_EXIT', `exit ${exitCode}`)
    this.exitCode = exitCode
    this.out = printed.out ?? ''
    this.err = printed.err ?? ''
  }
}

/** CommandDefaultOptions: every tool has these. */
export const DEFAULT_OPTIONS = [
  { names: ['help'], description: 'Print usage information.', isForHelp: true },
  { names: ['version'], description: 'Display Kafka version.', isForHelp: true },
] as const

/** CommandLineUtils.printUsageAndExit */
export function usageExit(parser: OptionParser, message: string): JavaExit {
  return new JavaExit(1, { err: `${message}\n${formatHelp(parser.specs)}` })
}

/** CommandLineUtils.maybePrintHelpOrVersion: an empty command line asks for help too. */
export function maybePrintHelpOrVersion(
  parser: OptionParser,
  options: OptionSet,
  words: readonly string[],
  message: string,
): void {
  if (words.length === 0 || options.has('help')) throw usageExit(parser, message)
  if (options.has('version')) throw new JavaExit(0, { out: `${KAFKA_VERSION}\n` })
}

/** CommandLineUtils.checkRequiredArgs */
export function checkRequiredArgs(parser: OptionParser, options: OptionSet, ...names: string[]): void {
  for (const name of names)
    if (!options.has(name)) throw usageExit(parser, `Missing required argument "[${name}]"`)
}

export interface JavaStreams {
  out(text: string): void
  err(text: string): void
}

/** Runs a tool's main and gives its exit code: 0, what it asked for, or 1 for an exception, told as the JVM tells it. */
export async function javaMain(streams: JavaStreams, main: () => Promise<void>): Promise<number> {
  try {
    await main()
    return 0
  } catch (error) {
    if (error instanceof JavaExit) {
      streams.out(error.out)
      streams.err(error.err)
      return error.exitCode
    }
    if (!(error instanceof JavaException)) throw error
    streams.err(`Exception in thread "main" ${error}\n`)
    return 1
  }
}

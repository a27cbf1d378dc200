/** What Kafka's command-line programs have in common: options, help, streams, exit codes, a client. */
import { JavaException } from '../../base/java-exception.ts'
import type { Admin, BrokerError } from '../../client/index.ts'
import type { CommandContext } from '../context.ts'
import {
  checkRequiredArgs,
  JavaExit,
  javaMain,
  maybePrintHelpOrVersion,
  usageExit,
} from '../jopt/java-main.ts'
import { OptionParser, type OptionSet, type OptionSpec, type ParserOptions } from '../jopt/option-parser.ts'
import { ChunkWriter } from '../records/chunk-writer.ts'
import { openTarget, type Target } from '../target.ts'
import { areAddresses, requireAddresses } from './addresses.ts'
import { requireReadable } from './client-properties.ts'
import { asKafkaException } from './java-errors.ts'

/** A failure that a tool tells without a stack. */
export const TERSE_EXCEPTION = 'org.apache.kafka.tools.TerseException'

export interface ToolDefinition extends ParserOptions {
  readonly options: readonly OptionSpec[]
  /** What `--help` says above the options. */
  readonly purpose: string
  /** What an empty command line is told, when that is something else. */
  readonly purposeWhenEmpty?: string
  /** The tool's class, as its log lines name it. */
  readonly className: string
}

/** One run of a tool. */
export class Tool {
  readonly context: CommandContext
  readonly parser: OptionParser
  private readonly chunks: ChunkWriter
  private readonly className: string
  private parsed: OptionSet | undefined
  private target: Target | undefined

  constructor(context: CommandContext, definition: ToolDefinition, chunks: ChunkWriter) {
    this.context = context
    this.parser = new OptionParser(definition.options, definition)
    this.chunks = chunks
    this.className = definition.className
  }

  /** Throws what joptsimple throws. */
  parse(words: readonly string[]): void {
    this.parsed = this.parser.parse(words)
  }

  get options(): OptionSet {
    if (this.parsed === undefined) throw new TypeError('the command line has not been parsed yet')
    return this.parsed
  }

  /** System.out.println */
  line(text = ''): void {
    this.chunks.add(`${text}\n`)
  }

  /** System.out.print */
  print(text: string): void {
    this.chunks.add(text)
  }

  /** System.err.println */
  errorLine(text: string): void {
    this.context.out.note(text)
  }

  /** What most tools do with an exception that nothing else was made of: its message, then its stack. Gives the exit code. */
  tellException(error: JavaException): number {
    this.errorLine(`${error.text}`)
    this.errorLine(`${error}\n`)
    return 1
  }

  /** A line of the tool's log, as Kafka's scripts configure it: local time, on stderr. The stack of an exception is Java's own. */
  log(level: 'WARN' | 'ERROR', message: string): void {
    const at = new Date(this.context.clock.nowMs())
    const two = (value: number) => String(value).padStart(2, '0')
    const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`
    const seconds = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`
    const time = `${date} ${seconds},${String(at.getMilliseconds()).padStart(3, '0')}`
    this.context.out.note(`[${time}] ${level} ${message} (${this.className})`)
  }

  /** CommandLineUtils.printUsageAndExit */
  usage(message: string): JavaExit {
    return usageExit(this.parser, message)
  }

  /** CommandLineUtils.checkRequiredArgs */
  require(...names: string[]): void {
    checkRequiredArgs(this.parser, this.options, ...names)
  }

  /** CommandLineUtils.checkInvalidArgs: an option that is there excludes the others. */
  exclude(used: string, others: readonly string[]): void {
    if (!this.options.has(used)) return
    for (const other of others)
      if (this.options.has(other))
        throw this.usage(`Option "[${used}]" can't be used with option "[${other}]"`)
  }

  /** Whether the command line made sense to joptsimple. */
  get isParsed(): boolean {
    return this.parsed !== undefined
  }

  /** Whether the client is there: before that, tools tell of errors in another way. */
  get isConnected(): boolean {
    return this.target !== undefined
  }

  /** ToolsUtils.validateBootstrapServer, or validatePortOrDie, which has a space more. */
  checkBootstrap(bootstrap: string, ending = ''): void {
    if (bootstrap.trim() === '' && ending === '')
      throw this.usage('Error while validating the bootstrap address\n')
    if (!areAddresses(bootstrap))
      throw this.usage(`Please provide valid host:port like host1:9091,host2:9092\n${ending}`)
  }

  /** A client for `--bootstrap-server` and a property file. Throws as Kafka's cannot be made. */
  async connect(
    bootstrap: string,
    propertyFile: string | undefined,
    timeoutMs = this.context.timeoutMs,
  ): Promise<Admin> {
    const { context } = this
    if (propertyFile !== undefined) requireReadable(propertyFile)
    requireAddresses(bootstrap, 'Failed to create new KafkaAdminClient')
    this.target ??= await openTarget(
      {
        'bootstrap-server': bootstrap,
        ...(propertyFile !== undefined && { 'command-config': propertyFile }),
      },
      { timeoutMs, version: context.version, signal: context.signal },
    )
    return this.target.admin
  }

  /** Does what Kafka's admin client does under this name; fails as it does. */
  async call<T>(name: string, work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      throw asKafkaException(error, name) ?? error
    }
  }

  /** Throws what one item of a call failed with. */
  raise(error: BrokerError | null): void {
    if (error !== null) throw asKafkaException(error, '') ?? error
  }

  async close(): Promise<void> {
    await this.target?.close()
  }
}

/**
 * Runs a tool's main method and gives its exit code. `onException` does what the tool does with an exception of a client,
 * and gives the exit code; without it the exception ends the program as the JVM ends it.
 */
export async function runTool(
  context: CommandContext,
  words: readonly string[],
  definition: ToolDefinition,
  main: (tool: Tool) => Promise<void>,
  onException?: (tool: Tool, error: JavaException) => number,
): Promise<number> {
  const chunks = new ChunkWriter(context.out.sink)
  const streams = {
    out: chunks.add,
    err: (text: string) => {
      if (text !== '') context.out.note(text.replace(/\n$/, ''))
    },
  }
  let tool: Tool | undefined
  try {
    return await javaMain(streams, async () => {
      tool = new Tool(context, definition, chunks)
      try {
        tool.parse(words)
        if (words.length === 0) throw tool.usage(definition.purposeWhenEmpty ?? definition.purpose)
        maybePrintHelpOrVersion(tool.parser, tool.options, words, definition.purpose)
        await main(tool)
      } catch (error) {
        if (!(error instanceof JavaException) || onException === undefined) throw error
        throw new JavaExit(onException(tool, error), {})
      }
    })
  } finally {
    await tool?.close()
    await chunks.flush()
  }
}

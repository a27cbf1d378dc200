import { BaseCommand } from './base-command.ts'
import type { CommandContext } from './context.ts'

/** The words behind the tool's name in, the exit code out; undefined leaves it to what ended the tool. */
export type RunKafkaTool = (context: CommandContext, words: readonly string[]) => Promise<number | undefined>

/** A stand-in for one of Kafka's own programs: it takes every word itself, --help too. */
export abstract class KafkaToolCommand extends BaseCommand {
  static override baseFlags = {} as typeof BaseCommand.baseFlags
  static override strict = false

  /** How long what was accepted may take to be finished after Ctrl-C. */
  protected readonly graceMs: number = 0

  protected abstract load(): Promise<RunKafkaTool>

  async run(): Promise<void> {
    const work = async (context: CommandContext) => (await this.load())(context, this.argv)
    await this.serve({}, work, { isStream: true, graceMs: this.graceMs })
  }
}

import path from 'node:path'
import { BaseCommand } from './base-command.ts'
import type { CommandContext } from './context.ts'
import type { Script } from './kafka-tools/servers/script.ts'

/** The words behind the tool's name in, the exit code out; undefined leaves it to what ended the tool. */
export type RunKafkaTool = (context: CommandContext, words: readonly string[]) => Promise<number | undefined>

/** A stand-in for one of Kafka's own programs: it takes every word itself, --help too. */
export abstract class KafkaToolCommand extends BaseCommand {
  static override baseFlags = {} as typeof BaseCommand.baseFlags
  static override strict = false

  /** How long what was accepted may take to be finished after Ctrl-C. */
  protected readonly graceMs: number = 0
  /** It runs until it is told to end. */
  protected readonly isServer: boolean = false

  /** What stands for `$0` of Kafka's script, and what starts the same command again. */
  protected script(): Script {
    const id = this.id ?? ''
    const calledAs = process.argv[1] ?? ''
    const isLink = path.basename(calledAs).replace(/\.sh$/, '') === id
    return {
      id,
      calledAs: isLink ? calledAs : `${this.config.bin} ${id}`,
      program: `${this.config.root}/bin/run.js`,
    }
  }

  protected abstract load(): Promise<RunKafkaTool>

  async run(): Promise<void> {
    const work = async (context: CommandContext) => (await this.load())(context, this.argv)
    await this.serve({}, work, {
      isStream: !this.isServer,
      isServer: this.isServer,
      graceMs: this.graceMs,
    })
  }
}

import { Command } from '@oclif/core/command'
import type { Config } from '@oclif/core/config'
import * as Flags from '@oclif/core/flags'
import { type CommandLine, isMet, type Need } from './ask/need.ts'
import { type CommandContext, outputFormat, type RunOptions, runInContext } from './context.ts'
import { EXIT } from './exit-codes.ts'
import { EXPLAIN_FORMS, type ExplainForm, explained, withExplainForm } from './explain/form.ts'
import { type Host, ProcessHost } from './host.ts'
import { LeanConfig } from './lean-config.ts'
import { OUTPUT_FORMATS } from './output/format.ts'
import type { Action, Effect } from './profiles/guard.ts'
import type { ActiveProfile } from './profiles/profile.ts'
import { errorData } from './report-error.ts'
import { isKafkaTool } from './resolve.ts'

export interface GlobalFlags {
  readonly 'bootstrap-server'?: string | undefined
  readonly 'data-dir'?: string | undefined
  readonly 'command-config'?: string | undefined
  readonly 'command-property'?: readonly string[] | undefined
  readonly profile?: string | undefined
  /** The profile's name, for what a protected one asks for. */
  readonly confirm?: string | undefined
  readonly output?: string | undefined
  readonly json?: boolean | undefined
  readonly headers?: boolean | undefined
  readonly color?: boolean | undefined
  readonly progress?: boolean | undefined
  readonly pager?: boolean | undefined
  readonly debug?: boolean | undefined
  readonly timeout?: number | undefined
  readonly explain?: ExplainForm | undefined
  /** Of commands that only read. */
  readonly offline?: boolean | undefined
  /** Not a flag, but of the shell's `set`: tables as a line for each cell, `auto` where they are wider than the terminal. */
  readonly expanded?: 'on' | 'auto' | undefined
  /** Not a flag: the profile that is in use, once it has been read (profiles/active.ts). */
  readonly activeProfile?: ActiveProfile | undefined
}

/** A command line, as far as the command's class takes it apart: Kafka's tools have their words alone. */
export interface Typed {
  readonly flags: Readonly<Record<string, unknown>>
  readonly argv: readonly string[]
}

const GROUP = 'GLOBAL'

async function listProperties(context: CommandContext): Promise<number> {
  const { listProperties } = await import('./profiles/property-list.ts')
  return listProperties(context)
}

/** Every command's flags, and the frame it runs in. A command parses; the work is one plain function in `services/`. */
export abstract class BaseCommand extends Command {
  /** Oclif's own lists every flag once more. */
  static override usage: string | string[] | undefined = '[FLAGS]'
  static override baseFlags = {
    'bootstrap-server': Flags.string({
      char: 'b',
      helpGroup: GROUP,
      helpValue: 'HOST:PORT,…',
      summary: 'Brokers to talk to (KCLI_BOOTSTRAP_SERVER); without it, the local data directory.',
      exclusive: ['data-dir'],
    }),
    'data-dir': Flags.string({
      helpGroup: GROUP,
      helpValue: 'DIR',
      summary: 'Folder of the local cluster (KCLI_DATA_DIR); made on first use.',
    }),
    'command-config': Flags.string({
      helpGroup: GROUP,
      helpValue: 'FILE',
      summary: "Property file with client settings, as Kafka's tools take it.",
    }),
    'command-property': Flags.string({
      char: 'X',
      helpGroup: GROUP,
      helpValue: 'KEY=VALUE',
      multiple: true,
      multipleNonGreedy: true,
      summary: "Any of the clients' configurations by Kafka's or librdkafka's name; -X list shows them.",
    }),
    profile: Flags.string({
      char: 'P',
      helpGroup: GROUP,
      helpValue: 'NAME',
      summary: "The profile to use (KCLI_PROFILE, kcli profile use); 'none' uses none.",
    }),
    confirm: Flags.string({
      helpGroup: GROUP,
      helpValue: 'NAME',
      summary: 'The name of the protected profile, for what would ask for it (KCLI_CONFIRM).',
    }),
    output: Flags.option({
      char: 'o',
      helpGroup: GROUP,
      options: OUTPUT_FORMATS,
      summary: 'How to write the data on stdout.',
    })(),
    json: Flags.boolean({ helpGroup: GROUP, summary: 'Short for --output json.', exclusive: ['output'] }),
    headers: Flags.boolean({
      helpGroup: GROUP,
      allowNo: true,
      summary: 'Column names above tables and CSV.',
      default: true,
    }),
    color: Flags.boolean({
      helpGroup: GROUP,
      allowNo: true,
      summary: 'Colour on a terminal.',
      default: true,
    }),
    progress: Flags.boolean({
      helpGroup: GROUP,
      allowNo: true,
      summary: 'On a terminal: how far the work is, and what it waits for.',
      default: true,
    }),
    pager: Flags.boolean({
      helpGroup: GROUP,
      allowNo: true,
      summary: 'Page what is taller than the terminal (KCLI_PAGER, PAGER).',
      default: true,
    }),
    explain: Flags.option({
      helpGroup: GROUP,
      options: EXPLAIN_FORMS,
      summary:
        'On stderr: the requests that were sent, and what they changed in a local cluster. Alone: as text.',
    })(),
    debug: Flags.boolean({ helpGroup: GROUP, summary: 'Show the stack and the causes of an error.' }),
    timeout: Flags.integer({
      helpGroup: GROUP,
      helpValue: 'MS',
      min: 1,
      summary: 'Give up on an answer after this many milliseconds (default 30000).',
    }),
  }

  /** What it cannot do without; asked for on a terminal, a usage error elsewhere. */
  static needs: readonly Need[] = []

  /**
   * What it does to the cluster that a profile may protect. Every command says it, the stand-ins for Kafka's tools too; where
   * that depends on what is typed, a function of it.
   */
  static effect: Effect | ((typed: Typed) => Effect) | undefined

  /** What the command ended with. */
  exitCode: number = EXIT.done

  /** Those that have none of the flags here take their words as they are. */
  constructor(argv: string[], config: Config) {
    super(new.target.baseFlags.explain === undefined ? argv : withExplainForm(argv), config)
  }

  /** Runs the command on a configuration that is loaded already (`Command.run` would load it once more). */
  start(): Promise<unknown> {
    return this._run()
  }

  private async writeError(error: unknown): Promise<void> {
    await this.host.sink.write(`${JSON.stringify(errorData(error), null, 2)}\n`)
  }

  private get host(): Host {
    const { config } = this
    return config instanceof LeanConfig ? config.host : new ProcessHost()
  }

  /** What was typed, with the answers of a person for what the command needs beyond that. */
  protected async complete<T extends CommandLine>(context: CommandContext, typed: T): Promise<T> {
    const { needs } = this.ctor as typeof BaseCommand
    if (needs.every((need) => isMet(need, typed))) return typed
    const { askForMissing } = await import('./ask/ask-for-missing.ts')
    const name = (this.id ?? '').replaceAll(':', ' ')
    const parse = async (argv: readonly string[]) => (await this.parse(this.ctor, [...argv])) as unknown as T
    return askForMissing(context, needs, { name, argv: this.argv, line: typed, parse })
  }

  /** Runs the command's work and turns its result into the exit code. */
  protected async serve(
    flags: GlobalFlags,
    work: (context: CommandContext) => Promise<number | undefined>,
    options: RunOptions = {},
  ): Promise<void> {
    const { host } = this
    const asksForList = flags['command-property']?.includes('list') === true
    try {
      this.exitCode = asksForList
        ? await runInContext(host, flags, this.config, listProperties, {
            ignoresProfile: true,
            isStream: true,
          })
        : await runInContext(host, flags, this.config, explained(flags.explain, work), {
            action: this.action(flags),
            ...options,
          })
    } catch (error) {
      if (outputFormat(flags) === 'json') await this.writeError(error)
      throw error
    }
  }

  private action(flags: GlobalFlags): Action {
    const { effect: declared } = this.ctor as typeof BaseCommand
    const typed: Typed = { flags: { ...flags }, argv: this.argv }
    const effect = typeof declared === 'function' ? declared(typed) : (declared ?? 'changes')
    const name = (this.id ?? '').replaceAll(':', ' ')
    return {
      name,
      effect: typed.flags['dry-run'] === true ? 'reads' : effect,
      asks: 'yes' in (this.ctor.flags ?? {}) && typed.flags.yes !== true,
      isKafkaTool: isKafkaTool(name),
    }
  }

  /** For commands that have records on the way: after Ctrl-C what was accepted is still sent or written. */
  protected serveRecords(
    flags: GlobalFlags,
    work: (context: CommandContext) => Promise<number | undefined>,
  ): Promise<void> {
    return this.serve(flags, work, { graceMs: 10_000, isStream: true })
  }

  /**
   * For commands that work on files and wait for nobody: they show for themselves how far they are. After Ctrl-C a change
   * may be finished within `graceMs`.
   */
  protected serveFiles(
    flags: GlobalFlags,
    work: (context: CommandContext) => Promise<number | undefined>,
    graceMs = 0,
  ): Promise<void> {
    return this.serve(flags, work, { isStream: true, graceMs })
  }

  /** For servers: closing many logs may take its time, and cutting it short would make the next start repair them. */
  protected serveForLong(
    flags: GlobalFlags,
    work: (context: CommandContext) => Promise<number | undefined>,
  ): Promise<void> {
    return this.serve(flags, work, { graceMs: 300_000, isServer: true })
  }

  /** For commands about profiles, which work on files, and must work when the one in use does not. */
  protected serveProfiles(
    flags: GlobalFlags,
    work: (context: CommandContext) => Promise<number | undefined>,
  ): Promise<void> {
    return this.serve(flags, work, { isStream: true, ignoresProfile: true })
  }

  /** Errors are reported in one place, `main`. What is wrong with the words is told here, with what was probably meant. */
  protected override async catch(error: Error): Promise<never> {
    if (!('oclif' in error)) throw error
    const { parseError, wantsJson } = await import('./mistakes/parse-errors.ts')
    const { argv, id = '', ctor } = this
    const told = parseError(error, {
      name: id.replaceAll(':', ' '),
      usage: [ctor.usage].flat()[0] ?? '',
      flags: { ...ctor.baseFlags, ...ctor.flags },
    })
    if (wantsJson(argv)) await this.writeError(told)
    throw told
  }
}

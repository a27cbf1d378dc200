import type { Interfaces } from '@oclif/core'
import { Config } from '@oclif/core/config'
import type { Host } from './host.ts'
import type { CommandTable } from './main.ts'

/**
 * What a command needs of oclif's configuration, without its search for plugins, themes and hooks (11 ms of a command that
 * costs 25). Used when the command is one of ours; help, completion and unknown commands take the full one.
 */
export class LeanConfig extends Config {
  readonly host: Host
  /** All commands, for the one that runs others. */
  readonly table: CommandTable

  constructor(root: string, pjson: Interfaces.PJSON, host: Host, table: CommandTable) {
    super({ root })
    this.host = host
    this.table = table
    this.root = root
    this.pjson = pjson
    this.name = pjson.name
    this.version = pjson.version
    this.bin = pjson.oclif.bin ?? pjson.name
    this.dirname = this.bin
    this.topicSeparator = ' '
    this.arch = process.arch === 'ia32' ? 'x86' : (process.arch as Interfaces.ArchTypes)
    this.platform = process.platform
    this.windows = process.platform === 'win32'
    this.userAgent = `${this.name}/${this.version} ${this.platform}-${this.arch} node-${process.version}`
  }

  /** No plugin of ours has a hook that runs for a command that exists. */
  override async runHook<T extends keyof Interfaces.Hooks>(
    _event: T,
  ): Promise<Interfaces.Hook.Result<Interfaces.Hooks[T]['return']>> {
    return { successes: [], failures: [] }
  }
}

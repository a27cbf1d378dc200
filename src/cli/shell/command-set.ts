import type { Interfaces } from '@oclif/core'
import { readTextFile } from '../../base/standard-streams.ts'
import { type CommandFacts, type CommandIndex, readCommandFacts } from '../completion/command-facts.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import type { Host } from '../host.ts'
import { LeanConfig } from '../lean-config.ts'
import type { CommandTable } from '../main.ts'
import { canonicalWords, isKafkaTool, resolveCommand, unknownCommand, wantsHelp } from '../resolve.ts'

/** All commands, to be run more than once in one process. */
export class CommandSet implements CommandIndex {
  private readonly root: string
  private readonly table: CommandTable
  private readonly pjson: Interfaces.PJSON
  private manifest: ReadonlyMap<string, CommandFacts> | undefined

  constructor(root: string, table: CommandTable) {
    this.root = root
    this.table = table
    this.pjson = JSON.parse(readTextFile(`${root}/package.json`))
  }

  get ids(): ReadonlySet<string> {
    return new Set(Object.keys(this.table))
  }

  /** By id. */
  get facts(): ReadonlyMap<string, CommandFacts> {
    this.manifest ??= readCommandFacts(this.root)
    return this.manifest
  }

  /**
   * Runs one command line in a host and gives its exit code. Throws what the command throws.
   * @param others words that are no commands and that may have been meant
   */
  async run(words: readonly string[], host: Host, others: Iterable<string> = []): Promise<number> {
    const { ids } = this
    const argv = canonicalWords(words, ids)
    const resolved = resolveCommand(argv, ids)
    if (resolved === undefined || (wantsHelp(resolved.rest) && !isKafkaTool(resolved.id))) {
      const unknown = unknownCommand(argv, new Set([...ids, ...others]))
      if (unknown !== undefined) throw noSuchCommand(unknown.typed, unknown.nearest)
      return await this.help(argv, host)
    }
    const command = this.table[resolved.id]
    if (command === undefined) throw noSuchCommand(words.join(' '), undefined)
    if (resolved.id === 'shell') throw new UsageError('this is the shell already', 'Type exit to leave it.')
    command.id = resolved.id
    const running = new command([...resolved.rest], new LeanConfig(this.root, this.pjson, host, this.table))
    await running.start()
    return running.exitCode
  }

  private async help(argv: readonly string[], host: Host): Promise<number> {
    const { helpOf } = await import('./command-help.ts')
    const text = await helpOf(argv[0] === 'help' ? argv.slice(1) : argv, this.root)
    const pager = host.pager({})
    if (pager?.takes(text) === true) await pager.show()
    else await host.sink.write(text)
    await host.sink.flush()
    return EXIT.done
  }
}

function noSuchCommand(typed: string, nearest: string | undefined): UsageError {
  return new UsageError(
    `there is no command '${typed}'`,
    nearest === undefined ? 'See what there is with: help' : `Did you mean: ${nearest}`,
  )
}

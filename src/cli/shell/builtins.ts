import { EXIT, UsageError } from '../exit-codes.ts'
import { helpText } from './help.ts'
import { timeCommand, watchCommand } from './repeat.ts'
import type { Session } from './session.ts'
import { setCommand } from './settings.ts'
import type { StatementStreams } from './statement-host.ts'
import { changeDirectory, listDirectory, pathText } from './tree.ts'

export interface BuiltinCall {
  readonly session: Session
  readonly streams: StatementStreams
  readonly words: readonly string[]
}

/** A word that only the shell knows. */
export interface Builtin {
  readonly name: string
  readonly usage: string
  readonly summary: string
  run(call: BuiltinCall): Promise<number | undefined>
}

const quit: Builtin['run'] = async ({ session }) => {
  session.hasQuit = true
  return EXIT.done
}

const LIST: readonly Builtin[] = [
  {
    name: 'help',
    usage: 'help [COMMAND]',
    summary: 'What there is, or one command in full.',
    run: async ({ session, streams, words }) => {
      if (words.length > 0 && !BUILTINS.has(words[0] ?? ''))
        return await session.runCommand(['help', ...words], streams)
      await streams.sink.write(helpText(session.options.commands, LIST, words[0]))
      return EXIT.done
    },
  },
  { name: 'exit', usage: 'exit', summary: 'Leave; also quit and Ctrl-D.', run: quit },
  { name: 'quit', usage: 'quit', summary: 'Leave.', run: quit },
  {
    name: 'ls',
    usage: 'ls [-l] [PATH]',
    summary: 'List topics, partitions, segments, groups, brokers or znodes.',
    run: listDirectory,
  },
  {
    name: 'cd',
    usage: 'cd [PATH]',
    summary: 'Go to /topics/NAME, /groups/NAME, /brokers/ID, /zk/…',
    run: changeDirectory,
  },
  {
    name: 'pwd',
    usage: 'pwd',
    summary: 'Where we are.',
    run: async ({ session, streams }) => {
      await streams.sink.write(`${pathText(session.directory)}\n`)
      return EXIT.done
    },
  },
  {
    name: 'set',
    usage: 'set [NAME VALUE]',
    summary: 'Settings of this session, such as: set output json.',
    run: setCommand,
  },
  {
    name: 'time',
    usage: 'time COMMAND',
    summary: 'Say how long a command takes.',
    run: timeCommand,
  },
  {
    name: 'watch',
    usage: 'watch [-n SECONDS] COMMAND',
    summary: 'Run a command again and again, until Ctrl-C.',
    run: watchCommand,
  },
  {
    name: 'history',
    usage: 'history [N]',
    summary: 'What was typed.',
    run: async ({ session, streams, words }) => {
      const lines = session.options.history?.() ?? []
      const count = words[0] === undefined ? lines.length : wholeNumber(words[0])
      const shown = lines.slice(-count)
      const width = `${lines.length}`.length
      const first = lines.length - shown.length + 1
      for (const [i, line] of shown.entries())
        await streams.sink.write(`${`${first + i}`.padStart(width)}  ${line}\n`)
      return EXIT.done
    },
  },
  {
    name: 'error',
    usage: 'error',
    summary: 'The last error, with its stack and causes.',
    run: async ({ session, streams }) => {
      await streams.sink.write(session.describeLastError())
      return EXIT.done
    },
  },
]

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map(LIST.map((builtin) => [builtin.name, builtin]))

export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new UsageError(`'${text}' is no whole number above 0`)
}

import { EXIT, UsageError } from '../exit-codes.ts'
import { helpText } from './help.ts'
import { repeatCommand, timeCommand, watchCommand } from './repeat.ts'
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
  /** Commands or programs, to which it leaves Ctrl-C. */
  readonly runsOthers?: true
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
    // A pager has Ctrl-C for itself.
    runsOthers: true,
    run: async ({ session, streams, words }) => {
      if (words.length > 0 && !BUILTINS.has(words[0] ?? ''))
        return await session.runCommand(['help', ...words], streams)
      await session.writePaged(helpText(session.options.commands, LIST, words[0]), streams)
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
    summary: 'Settings, such as: set output json. What is typed holds in later sessions too.',
    run: setCommand,
  },
  {
    name: 'time',
    usage: 'time COMMAND',
    summary: 'Say how long a command takes.',
    runsOthers: true,
    run: timeCommand,
  },
  {
    name: 'watch',
    usage: 'watch [2s] COMMAND',
    summary: 'Run a command again and again, until Ctrl-C.',
    runsOthers: true,
    run: watchCommand,
  },
  {
    name: 'repeat',
    usage: 'repeat N COMMAND',
    summary: 'Run a command N times, up to the first failure.',
    runsOthers: true,
    run: repeatCommand,
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
    name: 'redo',
    usage: 'redo [N]',
    summary: 'Run a line of the history again, the last one without N; also !N, !! and !START.',
    run: () => Promise.reject(onlyTyped('redo')),
  },
  {
    name: 'edit',
    usage: 'edit',
    summary: 'Write the last line anew in $EDITOR and run it; also \\e.',
    run: () => Promise.reject(onlyTyped('edit')),
  },
  {
    name: 'error',
    usage: 'error',
    summary: 'The last error, with its stack and causes; also \\errverbose.',
    run: async ({ session, streams }) => {
      await streams.sink.write(session.describeLastError())
      return EXIT.done
    },
  },
]

export const BUILTINS: ReadonlyMap<string, Builtin> = new Map(LIST.map((builtin) => [builtin.name, builtin]))

/** psql's words for the same. */
const BACKSLASH: Readonly<Record<string, readonly string[]>> = {
  '\\?': ['help'],
  '\\e': ['edit'],
  '\\errverbose': ['error'],
  '\\q': ['exit'],
  '\\s': ['history'],
  '\\timing': ['set', 'timing'],
  '\\x': ['set', 'expanded'],
}

/** `\\x on` is `set expanded on`, `topics create ?` is `help topics create`. */
export function plainWords(words: readonly string[]): readonly string[] {
  // People paste what the documentation says.
  const [first = '', ...rest] = words[0] === 'kcli' ? words.slice(1) : words
  if (first === '') return ['help']
  if (first.startsWith('\\')) {
    const plain = BACKSLASH[first]
    if (plain === undefined)
      throw new UsageError(`there is no ${first}`, `There are: ${Object.keys(BACKSLASH).join(' ')}.`)
    // Without a value they turn what there is.
    return [...plain, ...(plain[0] === 'set' && rest.length === 0 ? ['toggle'] : rest)]
  }
  if (rest.at(-1) === '?' || first === '?') return ['help', first, ...rest].filter((word) => word !== '?')
  return [first, ...rest]
}

function onlyTyped(name: string): UsageError {
  return new UsageError(`'${name}' works on what was typed, and here nobody types`)
}

export function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text)
  throw new UsageError(`'${text}' is no whole number above 0`)
}

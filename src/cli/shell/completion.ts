import path from 'node:path'
import { nodeFileSystem } from '../../base/node-file-system.ts'
import { quotedWord } from '../../base/shell-word.ts'
import { type Candidate, type Found, found, isDrawable, NOTHING, plain } from '../completion/candidates.ts'
import { candidatesFor, nouns } from '../completion/engine.ts'
import { typedWords } from '../completion/quoting.ts'
import type { CompletionSource } from '../completion/source.ts'
import { ZK_COMMANDS } from '../zk/table.ts'
import { BUILTINS } from './builtins.ts'
import { SETTINGS } from './settings.ts'
import { resolvePath, type TreePath } from './tree.ts'

/** In the shell names below every place of the tree are completed. */
export interface ShellCompletionSource extends CompletionSource {
  readonly directory: TreePath
}

/** What could come in place of the text from `from` to the cursor. */
export interface Completion {
  readonly from: number
  readonly candidates: readonly Candidate[]
}

/** What could stand where the cursor is. */
export async function complete(
  source: ShellCompletionSource,
  text: string,
  cursor: number,
): Promise<Completion> {
  const typed = typedWords(text.slice(0, cursor))
  if (typed === undefined) return { from: 0, candidates: [] }
  const last = typed.words.at(-1) ?? ''
  const { candidates, elsewhere } = await shellWords(source, plainWords(typed.words))
  const all =
    elsewhere === 'files' || elsewhere === 'directories' ? [...candidates, ...fileNames(last)] : candidates
  return {
    from: typed.from,
    candidates: all
      .filter((candidate) => candidate.text.startsWith(last) && isDrawable(candidate))
      .map((candidate) => ({
        ...candidate,
        text: quotedWord(candidate.text),
        label: candidate.label ?? candidate.text,
      })),
  }
}

/** Without the words that take a command behind them. */
function plainWords(words: readonly string[]): readonly string[] {
  const [first, second = ''] = words
  if (words.length === 1) return words
  if (first === 'time' || first === 'kcli') return plainWords(words.slice(1))
  if (first === 'repeat' && words.length > 2) return plainWords(words.slice(2))
  if (first === 'watch') {
    if (second === '-n') return plainWords(words.slice(3))
    return plainWords(words.slice(/^\d/.test(second) && words.length > 2 ? 2 : 1))
  }
  return words
}

async function shellWords(source: ShellCompletionSource, words: readonly string[]): Promise<Found> {
  const [first = '', second] = words
  const last = words.at(-1) ?? ''
  if (second === undefined) return found(firstWords(source, last))
  if (first === 'cd' || first === 'ls')
    return found(await treeNames(source, last, last.startsWith('/') ? [] : source.directory))
  if (first === 'set') return found(settingWords(words))
  if (first === 'zk') return await znodeWords(source, words)
  if (first === 'help' && words.length === 2) return found(firstWords(source, last))
  return await candidatesFor(source, words)
}

function firstWords({ commands }: ShellCompletionSource, typed: string): Candidate[] {
  const own = [...BUILTINS.values()].map(({ name, summary }) => ({ text: name, note: summary }))
  const names = new Set(['shell', 'help', 'completion'])
  const others = nouns(commands).filter(
    ({ text }) => !names.has(text) && (typed !== '' || !text.startsWith('kafka-')),
  )
  return [...others, ...own].sort((a, b) => (a.text < b.text ? -1 : 1))
}

function settingWords(words: readonly string[]): Candidate[] {
  if (words.length === 2) return plain(Object.keys(SETTINGS))
  const values = words.length === 3 ? SETTINGS[words[1] ?? ''] : undefined
  return values === undefined || values === 'MS' ? [] : plain(values)
}

function fileNames(last: string): Candidate[] {
  const folder = last.slice(0, last.lastIndexOf('/') + 1)
  try {
    return nodeFileSystem.readdirSync(path.resolve(folder || '.')).map((name) => {
      const isFolder = nodeFileSystem.statSync(path.resolve(folder, name))?.isDirectory === true
      return { text: `${folder}${name}${isFolder ? '/' : ''}`, label: name, isOpen: isFolder }
    })
  } catch {
    return []
  }
}

async function treeNames(source: CompletionSource, last: string, from: TreePath): Promise<Candidate[]> {
  const folder = last.slice(0, last.lastIndexOf('/') + 1)
  // Below znodes a path begins at their root, not at the tree's.
  const place = from[0] === 'zk' && folder.startsWith('/') ? folder.slice(1) : folder
  const names = await source.names(resolvePath(from, place === '' ? '.' : place))
  return names.map((name) => ({ text: `${folder}${name}`, label: name, isOpen: true }))
}

/** Paths begin with a slash, wherever they stand. */
async function znodeWords(source: CompletionSource, words: readonly string[]): Promise<Found> {
  const last = words.at(-1) ?? ''
  if (words.length === 2)
    return found(ZK_COMMANDS.map(({ name, summary }) => ({ text: name, note: summary })))
  return last.startsWith('/') ? found(await treeNames(source, last, ['zk'])) : NOTHING
}

import type { ByteSink } from '../../base/standard-streams.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import type { Target } from '../target.ts'
import type { BuiltinCall } from './builtins.ts'
import type { Session } from './session.ts'

/** The way from the root, a name each; the root itself is empty. */
export type TreePath = readonly string[]

const TOP = ['brokers', 'groups', 'topics', 'zk'] as const

export function pathText(path: TreePath): string {
  return `/${path.join('/')}`
}

/** `/topics/orders`, `orders`, `..`: from where we are; `zk:/brokers` is `/zk/brokers`. */
export function resolvePath(from: TreePath, text: string): TreePath {
  if (text.startsWith('zk:')) return resolvePath([], `/zk/${text.slice(3)}`)
  const path = text.startsWith('/') ? [] : [...from]
  for (const name of text.split('/')) {
    if (name === '..') path.pop()
    else if (name !== '' && name !== '.') path.push(name)
  }
  return path
}

/** The names below a place, or undefined when there is no such place. */
export async function childrenOf(session: Session, path: TreePath): Promise<readonly string[] | undefined> {
  const [top, name, ...rest] = path
  if (top === undefined) return TOP
  if (top === 'zk') return await znodesBelow(session, path.slice(1))
  const { admin } = await openTarget(session)
  if (top === 'topics') return await topicChildren(admin, name, rest)
  const names = await (top === 'brokers' ? brokerIds(admin) : top === 'groups' ? groupIds(admin) : undefined)
  if (name === undefined || names === undefined) return names
  return names.includes(name) && rest.length === 0 ? [] : undefined
}

async function topicChildren(
  admin: Target['admin'],
  name: string | undefined,
  [partition, ...more]: readonly string[],
): Promise<readonly string[] | undefined> {
  const topics = await admin.listTopics()
  if (name === undefined) return topics.map((topic) => topic.name)
  const partitions = topics
    .find((topic) => topic.name === name)
    ?.partitions.map((each) => `${each.partition}`)
  if (partition === undefined || partitions === undefined) return partitions
  return partitions.includes(partition) && more.length === 0 ? [] : undefined
}

async function brokerIds(admin: Target['admin']): Promise<string[]> {
  return (await admin.describeCluster()).brokers.map(({ id }) => `${id}`)
}

async function groupIds(admin: Target['admin']): Promise<string[]> {
  return (await admin.listConsumerGroups()).groups.map(({ groupId }) => groupId).sort()
}

async function znodesBelow(session: Session, path: TreePath): Promise<readonly string[] | undefined> {
  let text = ''
  const sink: ByteSink = {
    isTerminal: false,
    write: (bytes) => {
      text += Buffer.from(bytes as Uint8Array).toString()
      return undefined
    },
    flush: () => Promise.resolve(),
  }
  const code = await session
    .runWords(['zk', 'ls', pathText(path), '-o', 'json'], { sink })
    .catch(() => EXIT.failed)
  if (code !== EXIT.done) return undefined
  const names: unknown = JSON.parse(text)
  return Array.isArray(names) ? names.map(String) : undefined
}

async function openTarget(session: Session): Promise<Target> {
  return await session.target.open(session.flags, {
    timeoutMs: Number(session.settings.get('timeout') ?? 30_000),
    version: '',
    signal: new AbortController().signal,
  })
}

export async function changeDirectory({ session, words }: BuiltinCall): Promise<number> {
  const [text = '/', ...more] = words
  if (more.length > 0) throw new UsageError('cd takes one path')
  const path = resolvePath(session.directory, text)
  if ((await childrenOf(session, path)) === undefined) throw nothingAt(path)
  session.directory = path
  return EXIT.done
}

/** Names; with `-l` what the command for such things shows. */
export async function listDirectory({ session, streams, words }: BuiltinCall): Promise<number> {
  const isLong = words.includes('-l')
  const [text = '.', ...more] = words.filter((word) => word !== '-l')
  if (more.length > 0) throw new UsageError('ls takes one path')
  const path = resolvePath(session.directory, text)
  const [top, name, partition] = path
  const isPartition = top === 'topics' && partition !== undefined && path.length === 3
  // A partition consists of segments, which have no names of their own here.
  if (isLong || isPartition) {
    const command = commandFor(path)
    if (command !== undefined) return await session.runWords(command, streams)
  }
  const names = await childrenOf(session, path)
  if (names === undefined) throw nothingAt(path)
  const shown = name === undefined && top === undefined ? names.map((each) => `${each}/`) : names
  if (shown.length > 0) await streams.sink.write(`${shown.join('\n')}\n`)
  return EXIT.done
}

/** The command that tells of a place in full. */
function commandFor([top, name, ...rest]: TreePath): string[] | undefined {
  if (top === 'zk') return ['zk', 'ls', '-s', pathText([name, ...rest].filter((each) => each !== undefined))]
  if (top === 'topics' && name !== undefined && rest[0] !== undefined)
    return ['segments', 'list', `${name}-${rest[0]}`]
  if (top === 'topics') return name === undefined ? ['topics', 'list'] : ['topics', 'describe', name]
  if (top === 'groups') return name === undefined ? ['groups', 'list'] : ['groups', 'describe', name]
  if (top === 'brokers') return name === undefined ? ['brokers', 'list'] : ['brokers', 'describe', name]
  return undefined
}

function nothingAt(path: TreePath): UsageError {
  return new UsageError(`there is nothing at ${pathText(path)}`, 'See what there is with: ls /')
}

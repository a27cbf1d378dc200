import { isUtf8 } from 'node:buffer'
import type { CreateMode, NetworkClient } from '../../zookeeper/index.ts'
import { numberOption, type ZkArguments } from './arguments.ts'
import type { ZkCommand } from './command.ts'
import { ZkUsageError } from './errors.ts'
import { explain } from './explain.ts'
import { dataText, formatStat, parseAcl, statData } from './format.ts'
import { checkPath, subtree } from './paths.ts'

const ls: ZkCommand = {
  name: 'ls',
  effect: 'reads',
  usage: '[-s] [-w] [-R] path',
  summary: 'Children of a node; -R: all below it.',
  options: { s: {}, w: {}, R: {}, '?': {} },
  minArguments: 1,
  isZkCli: true,
  async run(session, { options, words }) {
    const path = checkPath(words[0] ?? '')
    const client = await session.client()
    if (options.has('R')) {
      const paths: string[] = []
      for await (const each of subtree(client, path)) paths.push(each)
      session.result(paths, () => paths.map((each) => `${each}\n`).join(''))
      return
    }
    const watcher = options.has('w') ? session.watcher : undefined
    const { children, stat } = await client.getChildren(path, watcher)
    children.sort()
    const value = options.has('s') ? { children, stat: statData(stat) } : children
    session.result(value, () => `[${children.join(', ')}]\n${options.has('s') ? formatStat(stat) : ''}`)
  },
}

const stat: ZkCommand = {
  name: 'stat',
  effect: 'reads',
  usage: '[-w] path',
  summary: 'What is known of a node.',
  options: { w: {} },
  minArguments: 1,
  isZkCli: true,
  async run(session, { options, words }) {
    const path = checkPath(words[0] ?? '')
    const client = await session.client()
    const found = await client.exists(path, options.has('w') ? session.watcher : undefined)
    if (found === null) throw noNode(path)
    session.result(statData(found), () => formatStat(found))
  },
}

const get: ZkCommand = {
  name: 'get',
  effect: 'reads',
  usage: '[-s] [-w] path',
  summary: "A node's data; --explain: what Kafka means by it.",
  options: { s: {}, w: {}, explain: {} },
  minArguments: 1,
  isZkCli: true,
  async run(session, { options, words }) {
    const path = checkPath(words[0] ?? '')
    const client = await session.client()
    const { data, stat: found } = await client.getData(path, options.has('w') ? session.watcher : undefined)
    const explained = options.has('explain') ? explain(path, data) : undefined
    const value = {
      path,
      data: jsonText(data),
      ...(data !== null && !isUtf8(data) && { base64: data.toString('base64') }),
      stat: statData(found),
      ...(explained !== undefined && { explanation: explained }),
    }
    session.result(value, () => {
      const lines = explained === undefined ? '' : explained.map((line) => `  ${line}\n`).join('')
      return `${dataText(data)}\n${lines}${options.has('s') ? formatStat(found) : ''}`
    })
  },
}

const create: ZkCommand = {
  name: 'create',
  effect: 'changes',
  usage: '[-s] [-e] [-c] [-t ttl] path [data] [acl]',
  summary:
    'Make a node: -e ephemeral, -s sequential, -c container, -t with a time to live, -p with its parents.',
  options: { s: {}, e: {}, c: {}, t: { hasValue: true }, p: {} },
  minArguments: 1,
  isZkCli: true,
  async run(session, args) {
    const { mode, ttlMs } = createMode(args)
    const path = args.words[0] ?? ''
    checkPath(mode.includes('-sequential') ? `${path}1` : path)
    const [, data, acl] = args.words
    const parsed = acl === undefined ? undefined : parseAcl(acl, (text) => session.note(text))
    if (parsed?.length === 0) {
      session.note('KeeperErrorCode = InvalidACL')
      throw new ZkUsageError('Acl is not valid : null')
    }
    const client = await session.client()
    if (args.options.has('p')) await makeParents(client, path)
    const made = await client.create(path, data === undefined ? null : Buffer.from(data), {
      mode,
      ttlMs,
      ...(parsed !== undefined && { acl: parsed }),
    })
    // zkCli says so on stderr.
    session.note(`Created ${made.path}`)
  },
}

function createMode({ options }: ZkArguments): { mode: CreateMode; ttlMs: number } {
  const [hasE, hasS, hasC, ttl] = [options.has('e'), options.has('s'), options.has('c'), options.get('t')]
  if (hasC && (hasE || hasS))
    throw new ZkUsageError(
      '-c cannot be combined with -s or -e. Containers cannot be ephemeral or sequential.',
    )
  if (ttl === undefined) {
    if (hasC) return { mode: 'container', ttlMs: 0 }
    const base = hasE ? 'ephemeral' : 'persistent'
    return { mode: hasS ? `${base}-sequential` : base, ttlMs: 0 }
  }
  if (typeof ttl !== 'string' || !/^-?\d{1,15}$/.test(ttl))
    throw new ZkUsageError('-t argument must be a long value')
  if (hasE) throw new ZkUsageError('TTLs cannot be used with Ephemeral znodes')
  if (hasC) throw new ZkUsageError('TTLs cannot be used with Container znodes')
  return { mode: hasS ? 'persistent-sequential-ttl' : 'persistent-ttl', ttlMs: Number(ttl) }
}

async function makeParents(client: NetworkClient, path: string): Promise<void> {
  const names = path.split('/').slice(1, -1)
  for (let depth = 1; depth <= names.length; depth++) {
    const parent = `/${names.slice(0, depth).join('/')}`
    if ((await client.exists(parent)) === null) await client.create(parent, null)
  }
}

const set: ZkCommand = {
  name: 'set',
  effect: 'changes',
  usage: '[-s] [-v version] path data',
  summary: "Change a node's data.",
  options: { s: {}, v: { hasValue: true } },
  minArguments: 2,
  isZkCli: true,
  async run(session, args) {
    const version = numberOption(args, 'v', -1)
    const [path = '', data = ''] = args.words
    checkPath(path)
    const changed = await (await session.client()).setData(path, Buffer.from(data), version)
    if (args.options.has('s')) session.result(statData(changed), () => formatStat(changed))
  },
}

const remove: ZkCommand = {
  name: 'delete',
  effect: 'destroys',
  usage: '[-v version] path',
  summary: 'Remove a node that has no children.',
  options: { v: { hasValue: true } },
  minArguments: 1,
  isZkCli: true,
  async run(session, args) {
    const version = numberOption(args, 'v', -1)
    await (await session.client()).delete(checkPath(args.words[0] ?? ''), version)
  },
}

const DEFAULT_BATCH = 1000

const removeAll: ZkCommand = {
  name: 'deleteall',
  effect: 'destroys',
  usage: 'path [-b batch size]',
  summary: 'Remove a node and all below it.',
  options: { b: { hasValue: true } },
  minArguments: 1,
  isZkCli: true,
  async run(session, args) {
    const atOnce = Math.max(1, numberOption(args, 'b', DEFAULT_BATCH))
    const path = checkPath(args.words[0] ?? '')
    const client = await session.client()
    const found: string[] = []
    for await (const each of subtree(client, path)) found.push(each)
    // Children go before their parents.
    found.sort((a, b) => depthOf(b) - depthOf(a))
    for (let at = 0; at < found.length; at += atOnce)
      await Promise.all(found.slice(at, at + atOnce).map((each) => client.delete(each)))
  },
}

function depthOf(path: string): number {
  return path.split('/').length
}

const sync: ZkCommand = {
  name: 'sync',
  effect: 'reads',
  usage: 'path',
  summary: 'Wait until the server has seen everything that was committed before.',
  minArguments: 1,
  isZkCli: true,
  async run(session, { words }) {
    const path = checkPath(words[0] ?? '')
    await (await session.client()).sync(path)
    session.out('Sync is OK\n')
  },
}

const getEphemerals: ZkCommand = {
  name: 'getEphemerals',
  effect: 'reads',
  usage: 'path',
  summary: "This session's ephemeral nodes, all or those below a path.",
  isZkCli: true,
  async run(session, { words }) {
    const [prefix] = words
    const client = await session.client()
    const paths = await client.getEphemerals(prefix === undefined ? '' : checkPath(prefix))
    session.result(paths, () => `[${paths.join(', ')}]\n`)
  },
}

const getAllChildrenNumber: ZkCommand = {
  name: 'getAllChildrenNumber',
  effect: 'reads',
  usage: 'path',
  summary: 'How many nodes there are below a node.',
  minArguments: 1,
  isZkCli: true,
  async run(session, { words }) {
    const count = await (await session.client()).getAllChildrenNumber(checkPath(words[0] ?? ''))
    session.result(count, () => `${count}\n`)
  },
}

const config: ZkCommand = {
  name: 'config',
  effect: 'reads',
  usage: '[-c] [-w] [-s]',
  summary: "The ensemble's configuration.",
  options: { c: {}, w: {}, s: {} },
  isZkCli: true,
  async run(session, { options }) {
    const client = await session.client()
    const watcher = options.has('w') ? session.watcher : undefined
    const { data, stat: found } = await client.getData('/zookeeper/config', watcher)
    const text = data === null ? 'null' : data.toString('utf8')
    session.out(`${options.has('c') ? `${clientAddresses(text)}` : text}\n`)
    if (options.has('s')) session.out(formatStat(found))
  },
}

/** ConfigUtils.getClientConfigStr: the version and each server's client address. */
function clientAddresses(text: string): string {
  const version = /^version=(.*)$/m.exec(text)?.[1] ?? ''
  const addresses = [...text.matchAll(/^server\.\d+=.*;(.*)$/gm)].map(([, address]) => address)
  return `${version} ${addresses.join(',')}`
}

function jsonText(data: Buffer | null): string | null {
  return data !== null && isUtf8(data) ? data.toString('utf8') : null
}

function noNode(path: string): ZkUsageError {
  return new ZkUsageError(`Node does not exist: ${path}`)
}

export const NODE_COMMANDS: readonly ZkCommand[] = [
  ls,
  stat,
  get,
  create,
  set,
  remove,
  removeAll,
  sync,
  getEphemerals,
  getAllChildrenNumber,
  config,
]

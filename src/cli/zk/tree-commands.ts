import { isUtf8 } from 'node:buffer'
import { isZooKeeperError, type NetworkClient, type Op } from '../../zookeeper/index.ts'
import { numberOption, splitLine } from './arguments.ts'
import type { ZkCommand } from './command.ts'
import { ZkUsageError } from './errors.ts'
import { checkPath, childOf, childrenOf, subtree } from './paths.ts'

interface TreeNode {
  readonly name: string
  readonly path: string
  readonly children: readonly TreeNode[]
}

const tree: ZkCommand = {
  name: 'tree',
  effect: 'reads',
  usage: '[-d depth] [path]',
  summary: 'What is below a node, as a tree.',
  options: { d: { hasValue: true } },
  isZkCli: false,
  async run(session, args) {
    const root = checkPath(args.words[0] ?? '/')
    const depth = numberOption(args, 'd', Number.MAX_SAFE_INTEGER)
    const client = await session.client()
    if ((await client.exists(root)) === null) throw new ZkUsageError(`Node does not exist: ${root}`)
    const read = async (path: string, name: string, level: number): Promise<TreeNode> => {
      const names = level >= depth ? [] : await childrenOf(client, path)
      const children = await Promise.all(names.map((each) => read(childOf(path, each), each, level + 1)))
      return { name, path, children }
    }
    const found = await read(root, root, 0)
    session.result(treeData(found), () => `${root}\n${branches(found.children, '')}`)
  },
}

function treeData({ name, children }: TreeNode): unknown {
  return { name, children: children.map(treeData) }
}

function branches(nodes: readonly TreeNode[], indent: string): string {
  return nodes
    .map(({ name, children }, index) => {
      const isLast = index === nodes.length - 1
      return `${indent}${isLast ? '└── ' : '├── '}${name}\n${branches(children, `${indent}${isLast ? '    ' : '│   '}`)}`
    })
    .join('')
}

const find: ZkCommand = {
  name: 'find',
  effect: 'reads',
  usage: '[-i] [-g text] [path] [pattern]',
  summary:
    'Paths whose last name matches a regular expression; -g: whose data contains a text; -i: in any case.',
  options: { i: {}, g: { hasValue: true } },
  isZkCli: false,
  async run(session, { options, words }) {
    const path = checkPath(words[0] ?? '/')
    const flags = options.has('i') ? 'i' : ''
    const name = expression(words[1] ?? '', flags)
    const wanted = options.get('g')
    const content = typeof wanted === 'string' ? expression(escaped(wanted), flags) : undefined
    const client = await session.client()
    const found: string[] = []
    for await (const each of subtree(client, path)) {
      if (!name.test(each.slice(each.lastIndexOf('/') + 1))) continue
      if (content === undefined || content.test((await dataOf(client, each))?.toString('utf8') ?? ''))
        found.push(each)
    }
    session.result(found, () => found.map((each) => `${each}\n`).join(''))
  },
}

function expression(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags)
  } catch {
    throw new ZkUsageError(`'${pattern}' is no regular expression`)
  }
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** Undefined when the node has gone. */
async function dataOf(client: NetworkClient, path: string): Promise<Buffer | null | undefined> {
  try {
    return (await client.getData(path)).data
  } catch (error) {
    if (isZooKeeperError(error, 'NONODE')) return undefined
    throw error
  }
}

const du: ZkCommand = {
  name: 'du',
  effect: 'reads',
  usage: '[-d depth] [path]',
  summary: 'Nodes and bytes of data at and below each path.',
  options: { d: { hasValue: true } },
  isZkCli: false,
  async run(session, args) {
    const root = checkPath(args.words[0] ?? '/')
    const depth = numberOption(args, 'd', 1)
    const client = await session.client()
    const rows: { path: string; nodes: number; bytes: number }[] = []
    const measure = async (path: string, level: number): Promise<{ nodes: number; bytes: number }> => {
      const bytes = (await client.exists(path))?.dataLength ?? 0
      const total = { nodes: 1, bytes }
      const row = { path, nodes: 0, bytes: 0 }
      if (level <= depth) rows.push(row)
      const names = await childrenOf(client, path)
      for (const below of await Promise.all(names.map((name) => measure(childOf(path, name), level + 1)))) {
        total.nodes += below.nodes
        total.bytes += below.bytes
      }
      Object.assign(row, total)
      return total
    }
    await measure(root, 0)
    rows.sort((a, b) => (a.path < b.path ? -1 : 1))
    session.result(rows, () =>
      rows
        .map(
          ({ path, nodes, bytes }) => `${String(bytes).padStart(10)} ${String(nodes).padStart(7)}  ${path}\n`,
        )
        .join(''),
    )
  },
}

const txn: ZkCommand = {
  name: 'txn',
  effect: 'changes',
  usage: "'create PATH [DATA]' 'set PATH DATA [VERSION]' 'delete PATH [VERSION]' 'check PATH VERSION' …",
  summary: 'Do several things at once, all or nothing.',
  minArguments: 1,
  isZkCli: false,
  async run(session, { words }) {
    const ops = words.map(readOp)
    const results = await (await session.client()).multi(ops)
    session.result(
      results.map((result, index) => ({ ...result, path: ops[index]?.path, stat: undefined })),
      () => results.map((result, index) => `${result.type} ${ops[index]?.path ?? ''}\n`).join(''),
    )
  },
}

function readOp(text: string): Op {
  const [verb, path = '', first, second] = splitLine(text)
  checkPath(path)
  switch (verb) {
    case 'create':
      return { type: 'create', path, data: first === undefined ? null : Buffer.from(first) }
    case 'set':
      return { type: 'setData', path, data: Buffer.from(first ?? ''), version: versionOf(second, text) }
    case 'delete':
      return { type: 'delete', path, version: versionOf(first, text) }
    case 'check':
      return { type: 'check', path, version: versionOf(first, text) }
    default:
      throw new ZkUsageError(`'${text}' is no step of a transaction: create, set, delete and check are`)
  }
}

function versionOf(text: string | undefined, step: string): number {
  if (text === undefined) return -1
  if (!/^-?\d{1,9}$/.test(text)) throw new ZkUsageError(`'${text}' is no version, in '${step}'`)
  return Number(text)
}

/** One line of an export: enough to make the node again. */
interface ExportedNode {
  readonly path: string
  readonly data?: string
  readonly base64?: string
}

async function exported(client: NetworkClient, root: string): Promise<ExportedNode[]> {
  const nodes: ExportedNode[] = []
  for await (const path of subtree(client, root)) {
    if (path === '/zookeeper' || path.startsWith('/zookeeper/')) continue
    const stat = await client.exists(path)
    // What lives with a session cannot be given to another one.
    if (stat === null || stat.ephemeralOwner !== 0n) continue
    const data = await dataOf(client, path)
    if (data === undefined) continue
    nodes.push({
      path,
      ...(data !== null &&
        (isUtf8(data) ? { data: data.toString('utf8') } : { base64: data.toString('base64') })),
    })
  }
  return nodes
}

function parseExport(text: string): ExportedNode[] {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .map((line, index) => {
      try {
        const node = JSON.parse(line) as ExportedNode
        if (typeof node.path === 'string') return { ...node, path: checkPath(node.path) }
      } catch (error) {
        if (error instanceof ZkUsageError) throw error
      }
      throw new ZkUsageError(`line ${index + 1} is no node: {"path":"/a","data":"text"} is expected`)
    })
}

function bytesOf({ data, base64 }: ExportedNode): Buffer | null {
  if (base64 !== undefined) return Buffer.from(base64, 'base64')
  return data === undefined ? null : Buffer.from(data)
}

const exportNodes: ZkCommand = {
  name: 'export',
  effect: 'reads',
  usage: 'path [file]',
  summary: 'Write a subtree as one line of JSON a node, to a file or stdout. Ephemeral nodes are left out.',
  minArguments: 1,
  isZkCli: false,
  async run(session, { words: [path = '', file] }) {
    const nodes = await exported(await session.client(), checkPath(path))
    const text = nodes.map((node) => `${JSON.stringify(node)}\n`).join('')
    if (file === undefined || file === '-') session.out(text)
    else await session.files.write(file, text)
  },
}

const importNodes: ZkCommand = {
  name: 'import',
  effect: 'changes',
  usage: '[-f] file',
  summary: 'Make the nodes of an export; -f: change those that are there. Nothing is deleted.',
  options: { f: {} },
  minArguments: 1,
  isZkCli: false,
  async run(session, { options, words: [file = ''] }) {
    const nodes = parseExport(await session.files.read(file))
    const client = await session.client()
    let made = 0
    let changed = 0
    for (const node of nodes) {
      if (node.path === '/') continue
      const data = bytesOf(node)
      const stat = await client.exists(node.path)
      if (stat === null) {
        await client.create(node.path, data)
        made++
      } else if (options.has('f')) {
        await client.setData(node.path, data)
        changed++
      }
    }
    const kept = nodes.length - made - changed
    session.note(`Imported ${file}: ${made} made, ${changed} changed, ${kept} left as they were`)
  },
}

const diff: ZkCommand = {
  name: 'diff',
  effect: 'reads',
  usage: 'path file|path',
  summary: 'What differs between a subtree and an export, or another subtree.',
  minArguments: 2,
  isZkCli: false,
  async run(session, { words: [path = '', other = ''] }) {
    const client = await session.client()
    const left = byName(await exported(client, checkPath(path)), path)
    const isFile = !other.startsWith('/') || (await client.exists(checkPath(other))) === null
    const right = isFile
      ? byName(parseExport(await session.files.read(other)), path)
      : byName(await exported(client, other), other)
    const rows: { change: 'missing' | 'added' | 'changed'; path: string }[] = []
    for (const name of [...new Set([...left.keys(), ...right.keys()])].sort()) {
      const [a, b] = [left.get(name), right.get(name)]
      if (a === undefined) rows.push({ change: 'missing', path: name })
      else if (b === undefined) rows.push({ change: 'added', path: name })
      else if (!same(bytesOf(a), bytesOf(b))) rows.push({ change: 'changed', path: name })
    }
    const signs = { missing: '-', added: '+', changed: '~' }
    session.result(rows, () => rows.map((row) => `${signs[row.change]} ${row.path}\n`).join(''))
  },
}

/** By what follows the root's path. */
function byName(nodes: readonly ExportedNode[], root: string): Map<string, ExportedNode> {
  const prefix = root === '/' ? 0 : root.length
  return new Map(nodes.map((node) => [node.path.slice(prefix) || '/', node]))
}

function same(a: Buffer | null, b: Buffer | null): boolean {
  return a === null || b === null ? a === b : a.equals(b)
}

export const TREE_COMMANDS: readonly ZkCommand[] = [tree, find, du, txn, exportNodes, importNodes, diff]

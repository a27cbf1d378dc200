import { isZooKeeperError, type NetworkClient } from '../../zookeeper/index.ts'
import { numberOption, type ZkArguments } from './arguments.ts'
import type { ZkCommand } from './command.ts'
import { ZkUsageError } from './errors.ts'
import { checkPath, subtree } from './paths.ts'

/** Limits and use of a subtree (StatsTrack): soft ones are only warned of. -1: none. */
interface Quota {
  count: number
  bytes: number
  byteHardLimit: number
  countHardLimit: number
}

const NO_QUOTA: Quota = { count: -1, bytes: -1, byteHardLimit: -1, countHardLimit: -1 }
const FIELDS = { n: 'count', b: 'bytes', N: 'countHardLimit', B: 'byteHardLimit' } as const
const ROOT = '/zookeeper/quota'

function limitsPath(path: string): string {
  return `${ROOT}${path === '/' ? '' : path}/zookeeper_limits`
}

function statsPath(path: string): string {
  return `${ROOT}${path === '/' ? '' : path}/zookeeper_stats`
}

function parseQuota(data: Buffer | null): Quota {
  const quota = { ...NO_QUOTA }
  for (const [, name = '', value] of (data?.toString('utf8') ?? '').matchAll(/(\w+)=(-?\d+)/g))
    if (Object.hasOwn(quota, name)) quota[name as keyof Quota] = Number(value)
  return quota
}

/** The odd `=;` is how ZooKeeper 3.8 keeps older versions able to read it. */
function formatQuota({ count, bytes, byteHardLimit, countHardLimit }: Quota): string {
  const soft = `count=${count},bytes=${bytes}`
  return `${soft}=;byteHardLimit=${byteHardLimit};countHardLimit=${countHardLimit}`
}

async function readQuota(client: NetworkClient, path: string): Promise<Buffer | null | undefined> {
  try {
    return (await client.getData(path)).data
  } catch (error) {
    if (isZooKeeperError(error, 'NONODE')) return undefined
    throw error
  }
}

const QUOTA_OPTIONS = {
  n: { hasValue: true, group: 'quota' },
  b: { hasValue: true, group: 'quota' },
  N: { hasValue: true, group: 'quota' },
  B: { hasValue: true, group: 'quota' },
} as const
const NEEDED = '[-n num soft quota, -b bytes soft quota, -N num hard quota, -B bytes hard quota]'

const setquota: ZkCommand = {
  name: 'setquota',
  effect: 'changes',
  usage: '-n|-b|-N|-B val path',
  summary: 'Limit the nodes (-n) or bytes (-b) at and below a path; -N and -B are hard limits.',
  options: { ...QUOTA_OPTIONS, n: { ...QUOTA_OPTIONS.n, requires: NEEDED } },
  minArguments: 1,
  isZkCli: true,
  async run(session, args) {
    const path = checkPath(args.words[0] ?? '')
    if (path === '/zookeeper' || path.startsWith('/zookeeper/'))
      throw new ZkUsageError('cannot set a quota under /zookeeper')
    const [letter, value] = chosen(args)
    const client = await session.client()
    if ((await client.exists(path)) === null) throw new ZkUsageError(`${path} does not exist.`)
    const before = await readQuota(client, limitsPath(path))
    const quota = parseQuota(before ?? null)
    quota[FIELDS[letter]] = value
    const text = Buffer.from(formatQuota(quota))
    if (before !== undefined) {
      await client.setData(limitsPath(path), text)
      return
    }
    await refuseNested(client, path)
    await makeNodes(client, path)
    await client.create(limitsPath(path), text)
    // The server counts what there is, and keeps it up to date.
    await client.create(statsPath(path), Buffer.from(formatUse({ count: 0, bytes: 0 })))
  },
}

function chosen(args: ZkArguments): [keyof typeof FIELDS, number] {
  for (const letter of ['n', 'b', 'N', 'B'] as const) {
    if (!args.options.has(letter)) continue
    const value = numberOption(args, letter, -1)
    if (value < 0) throw new ZkUsageError(`the quota must be 0 or more, not ${value}`)
    return [letter, value]
  }
  throw new ZkUsageError(`setquota ${setquota.usage}`)
}

/** A quota neither above nor below another one. */
async function refuseNested(client: NetworkClient, path: string): Promise<void> {
  const names = path.split('/').slice(1)
  for (let depth = 1; depth < names.length; depth++) {
    const parent = `/${names.slice(0, depth).join('/')}`
    if ((await client.exists(limitsPath(parent))) !== null)
      throw new ZkUsageError(`${path} has a parent ${parent} which has a quota`)
  }
  if ((await client.exists(ROOT + path)) === null) return
  for await (const each of subtree(client, ROOT + path)) {
    if (each.endsWith('/zookeeper_limits') && each !== limitsPath(path)) {
      const child = each.slice(ROOT.length, -'/zookeeper_limits'.length)
      throw new ZkUsageError(`${path} has a child ${child} which has a quota`)
    }
  }
}

async function makeNodes(client: NetworkClient, path: string): Promise<void> {
  const names = path
    .split('/')
    .slice(1)
    .filter((name) => name !== '')
  for (let depth = 1; depth <= names.length; depth++) {
    const each = `${ROOT}/${names.slice(0, depth).join('/')}`
    if ((await client.exists(each)) === null) await client.create(each, null)
  }
}

interface Use {
  readonly count: number
  readonly bytes: number
}

function formatUse({ count, bytes }: Use): string {
  return `count=${count},bytes=${bytes}`
}

const listquota: ZkCommand = {
  name: 'listquota',
  effect: 'reads',
  usage: 'path',
  summary: 'Limits and use of a path.',
  minArguments: 1,
  isZkCli: true,
  async run(session, { words }) {
    const path = checkPath(words[0] ?? '')
    session.note(`absolute path is ${limitsPath(path)}`)
    const client = await session.client()
    const limits = await readQuota(client, limitsPath(path))
    if (limits === undefined) {
      session.note(`quota for ${path} does not exist.`)
      return
    }
    const stats = await readQuota(client, statsPath(path))
    const used = parseQuota(stats ?? null)
    session.result({ path, limits: parseQuota(limits), used: { count: used.count, bytes: used.bytes } }, () =>
      [
        `Output quota for ${path} ${formatQuota(parseQuota(limits))}`,
        `Output stat for ${path} ${formatUse(used)}`,
        '',
      ].join('\n'),
    )
  },
}

const delquota: ZkCommand = {
  name: 'delquota',
  effect: 'changes',
  usage: '[-n|-b|-N|-B] path',
  summary: 'Remove limits, all or one of them.',
  options: { n: { group: 'quota' }, b: { group: 'quota' }, N: { group: 'quota' }, B: { group: 'quota' } },
  minArguments: 1,
  isZkCli: true,
  async run(session, { options, words }) {
    const path = checkPath(words[0] ?? '')
    const client = await session.client()
    const limits = await readQuota(client, limitsPath(path))
    if (limits === undefined) {
      session.out(`Quota does not exist for ${path}\n`)
      return
    }
    const letter = (['n', 'b', 'N', 'B'] as const).find((each) => options.has(each))
    if (letter !== undefined) {
      const quota = { ...parseQuota(limits), [FIELDS[letter]]: -1 }
      await client.setData(limitsPath(path), Buffer.from(formatQuota(quota)))
      return
    }
    await client.delete(limitsPath(path))
    await deleteIfThere(client, statsPath(path))
    await trimParents(client, path)
  },
}

async function deleteIfThere(client: NetworkClient, path: string): Promise<void> {
  await client.delete(path).catch((error: unknown) => {
    if (!isZooKeeperError(error, 'NONODE')) throw error
  })
}

/** Nodes under /zookeeper/quota that nothing needs any more. */
async function trimParents(client: NetworkClient, path: string): Promise<void> {
  for (let each = path; each !== '' && each !== '/'; each = each.slice(0, each.lastIndexOf('/'))) {
    try {
      await client.delete(ROOT + each)
    } catch (error) {
      if (isZooKeeperError(error, 'NOTEMPTY')) return
      if (!isZooKeeperError(error, 'NONODE')) throw error
    }
  }
}

export const QUOTA_COMMANDS: readonly ZkCommand[] = [setquota, listquota, delquota]

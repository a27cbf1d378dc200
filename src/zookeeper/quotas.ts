import type { DataNode } from './data-node.ts'
import { nodeName, parentPath, pathAndParents } from './paths.ts'

const ROOT = '/zookeeper/quota'
const LIMITS = 'zookeeper_limits'
const STATS = 'zookeeper_stats'

/**
 * Keeps `/zookeeper/quota/PATH/zookeeper_stats` true for every path that has a `zookeeper_limits` beside it: how many
 * nodes and bytes there are at and below PATH (DataTree.updateQuotaStat, StatsTrack). As in ZooKeeper by default, limits
 * are counted against and not enforced unless the server is told to; the stats node changes without a transaction, so its Stat does not.
 */
export class Quotas {
  private readonly nodes: ReadonlyMap<string, DataNode>
  /** Those with limits. */
  private readonly paths = new Set<string>()

  constructor(nodes: ReadonlyMap<string, DataNode>) {
    this.nodes = nodes
  }

  created(path: string, bytes: number): void {
    if (path.startsWith(`${ROOT}/`)) {
      const subject = subjectOf(path)
      if (nodeName(path) === LIMITS) this.paths.add(subject)
      if (nodeName(path) === STATS) this.countAnew(subject)
      return
    }
    this.add(path, 1, bytes)
  }

  deleted(path: string, bytes: number): void {
    if (path.startsWith(`${ROOT}/`)) {
      if (nodeName(path) === LIMITS) this.paths.delete(subjectOf(path))
      return
    }
    this.add(path, -1, -bytes)
  }

  changed(path: string, bytesBefore: number, bytesAfter: number): void {
    this.add(path, 0, bytesAfter - bytesBefore)
  }

  /**
   * Whose hard limit a change at `path` would break (ZooKeeperServer.checkQuota); undefined: nobody's. What is not applied
   * yet is not counted.
   */
  brokenBy(path: string, { count, bytes }: { count: number; bytes: number }): string | undefined {
    if (this.paths.size === 0) return undefined
    const subject = [...pathAndParents(path)].find((each) => this.paths.has(each))
    if (subject === undefined) return undefined
    const limits = this.nodes.get(limitsPath(subject))?.data?.toString('latin1') ?? ''
    const used = readStats(this.nodes.get(statsPath(subject))?.data ?? null)
    const maxCount = hardLimit(limits, 'countHardLimit')
    const maxBytes = hardLimit(limits, 'byteHardLimit')
    const isBroken =
      (count !== 0 && used.count + count > maxCount) || (bytes !== 0 && used.bytes + bytes > maxBytes)
    return isBroken ? subject : undefined
  }

  /** After the nodes were read from a snapshot. */
  load(): void {
    for (const path of this.nodes.keys()) {
      if (path.startsWith(`${ROOT}/`) && nodeName(path) === LIMITS) this.paths.add(subjectOf(path))
    }
    for (const path of this.paths) this.countAnew(path)
  }

  private add(path: string, count: number, bytes: number): void {
    if (this.paths.size === 0) return
    for (const each of pathAndParents(path)) {
      if (!this.paths.has(each)) continue
      const node = this.nodes.get(statsPath(each))
      if (node !== undefined) {
        const before = readStats(node.data)
        node.data = statsData(before.count + count, before.bytes + bytes)
      }
      // There is never a quota above or below another one.
      return
    }
  }

  private countAnew(path: string): void {
    const stats = this.nodes.get(statsPath(path))
    if (stats === undefined) return
    const prefix = path === '/' ? '/' : `${path}/`
    let count = 0
    let bytes = 0
    for (const [each, node] of this.nodes) {
      if (each !== path && !each.startsWith(prefix)) continue
      count++
      bytes += node.data?.length ?? 0
    }
    stats.data = statsData(count, bytes)
  }
}

/** `/zookeeper/quota/a/zookeeper_limits` → `/a`. */
function subjectOf(path: string): string {
  return parentPath(path).slice(ROOT.length) || '/'
}

function statsPath(path: string): string {
  return `${ROOT}${path === '/' ? '' : path}/${STATS}`
}

function limitsPath(path: string): string {
  return `${ROOT}${path === '/' ? '' : path}/${LIMITS}`
}

/** Of `count=-1,bytes=-1=;byteHardLimit=…;countHardLimit=…` (StatsTrack). */
function hardLimit(limits: string, name: 'countHardLimit' | 'byteHardLimit'): number {
  const value = Number(new RegExp(`${name}=(-?\\d+)`).exec(limits)?.[1] ?? -1)
  return value < 0 ? Number.POSITIVE_INFINITY : value
}

function readStats(data: Buffer | null): { count: number; bytes: number } {
  const match = /^count=(-?\d+),bytes=(-?\d+)/.exec(data?.toString('latin1') ?? '')
  return { count: Number(match?.[1] ?? 0), bytes: Number(match?.[2] ?? 0) }
}

function statsData(count: number, bytes: number): Buffer {
  return Buffer.from(`count=${count},bytes=${bytes}`)
}

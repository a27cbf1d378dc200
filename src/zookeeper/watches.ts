import type { Acl } from './acl.ts'
import type { AddWatchMode, WatchEvent, WatcherType } from './client.ts'
import { pathAndParents } from './paths.ts'

/**
 * Where the events of one connection go, with the ACL that says whether it may hear of them. Its identity is what counts: one event reaches a sink once. */
export type WatchSink = (event: WatchEvent, acl?: readonly Acl[]) => void

/** Ways in which one sink watches one path; they add up. */
const ONE_SHOT = 1
const PERSISTENT = 2
const RECURSIVE = 4

type Table = Map<string, Map<WatchSink, number>>

/** The server's side of watches (org.apache.zookeeper.server.watch.WatchManager, one for data and one for children). */
export class Watches {
  private readonly data: Table = new Map()
  private readonly children: Table = new Map()
  private readonly pathsBySink = new Map<WatchSink, Set<string>>()
  private recursiveCount = 0

  /** Paths that somebody watches. */
  get size(): number {
    return new Set([...this.data.keys(), ...this.children.keys()]).size
  }

  /** For data, and for whether the node exists. */
  addData(path: string, sink: WatchSink): void {
    this.add(this.data, path, sink, ONE_SHOT)
  }

  addChildren(path: string, sink: WatchSink): void {
    this.add(this.children, path, sink, ONE_SHOT)
  }

  addLasting(path: string, mode: AddWatchMode, sink: WatchSink): void {
    if (mode === 'persistent-recursive') {
      this.add(this.data, path, sink, RECURSIVE)
      return
    }
    this.add(this.data, path, sink, PERSISTENT)
    this.add(this.children, path, sink, PERSISTENT)
  }

  remove(path: string, type: WatcherType, sink: WatchSink): void {
    switch (type) {
      case 'data':
        this.drop(this.data, path, sink, ONE_SHOT)
        break
      case 'children':
        this.drop(this.children, path, sink, ONE_SHOT)
        break
      case 'persistent':
        this.drop(this.data, path, sink, PERSISTENT)
        this.drop(this.children, path, sink, PERSISTENT)
        break
      case 'persistent-recursive':
        this.drop(this.data, path, sink, RECURSIVE)
        break
      case 'any':
        this.drop(this.data, path, sink, ONE_SHOT | PERSISTENT | RECURSIVE)
        this.drop(this.children, path, sink, ONE_SHOT | PERSISTENT)
        break
    }
  }

  /** WatchManager.containsWatcher, by the kind of watch. */
  has(path: string, type: WatcherType, sink: WatchSink): boolean {
    const inData = this.data.get(path)?.get(sink) ?? 0
    const inChildren = this.children.get(path)?.get(sink) ?? 0
    switch (type) {
      case 'data':
        return (inData & ONE_SHOT) !== 0
      case 'children':
        return (inChildren & ONE_SHOT) !== 0
      case 'persistent':
        return (inData & PERSISTENT) !== 0
      case 'persistent-recursive':
        return (inData & RECURSIVE) !== 0
      case 'any':
        return (inData | inChildren) !== 0
    }
  }

  pathsOf(sink: WatchSink): string[] {
    return [...(this.pathsBySink.get(sink) ?? [])]
  }

  counts(): { connectionCount: number; pathCount: number; watchCount: number } {
    let watchCount = 0
    for (const table of [this.data, this.children])
      for (const sinks of table.values()) watchCount += sinks.size
    return { connectionCount: this.pathsBySink.size, pathCount: this.size, watchCount }
  }

  removeSink(sink: WatchSink): void {
    for (const path of [...(this.pathsBySink.get(sink) ?? [])]) this.remove(path, 'any', sink)
  }

  /** One-shot watches that match are used up. */
  trigger(event: WatchEvent, acl?: readonly Acl[]): void {
    const sinks = new Set<WatchSink>()
    const { path, type } = event
    if (type !== 'NodeChildrenChanged') {
      this.collect(this.data, path, sinks)
      if (this.recursiveCount > 0) this.collectRecursive(path, sinks)
    }
    if (type === 'NodeDeleted' || type === 'NodeChildrenChanged') this.collect(this.children, path, sinks)
    for (const sink of sinks) sink(event, acl)
  }

  private collect(table: Table, path: string, sinks: Set<WatchSink>): void {
    for (const [sink, modes] of [...(table.get(path) ?? [])]) {
      if ((modes & (ONE_SHOT | PERSISTENT)) === 0) continue
      sinks.add(sink)
      this.drop(table, path, sink, ONE_SHOT)
    }
  }

  private collectRecursive(path: string, sinks: Set<WatchSink>): void {
    for (const each of pathAndParents(path)) {
      for (const [sink, modes] of this.data.get(each) ?? []) if ((modes & RECURSIVE) !== 0) sinks.add(sink)
    }
  }

  private add(table: Table, path: string, sink: WatchSink, mode: number): void {
    let sinks = table.get(path)
    if (sinks === undefined) {
      sinks = new Map()
      table.set(path, sinks)
    }
    const before = sinks.get(sink) ?? 0
    if (mode === RECURSIVE && (before & RECURSIVE) === 0) this.recursiveCount++
    sinks.set(sink, before | mode)
    const paths = this.pathsBySink.get(sink)
    if (paths === undefined) this.pathsBySink.set(sink, new Set([path]))
    else paths.add(path)
  }

  private drop(table: Table, path: string, sink: WatchSink, modes: number): void {
    const sinks = table.get(path)
    const before = sinks?.get(sink)
    if (sinks === undefined || before === undefined) return
    if ((before & modes & RECURSIVE) !== 0) this.recursiveCount--
    const left = before & ~modes
    if (left !== 0) {
      sinks.set(sink, left)
      return
    }
    sinks.delete(sink)
    if (sinks.size === 0) table.delete(path)
    if (this.data.get(path)?.has(sink) || this.children.get(path)?.has(sink)) return
    const paths = this.pathsBySink.get(sink)
    paths?.delete(path)
    if (paths?.size === 0) this.pathsBySink.delete(sink)
  }
}

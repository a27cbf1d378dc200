import type { AddWatchMode, WatchEvent, Watcher, WatcherType } from './client.ts'
import { pathAndParents } from './paths.ts'

type Table = Map<string, Set<Watcher>>
/** `exists`: for a node that is not there yet. */
export type WatchTable = 'data' | 'exists' | 'children' | AddWatchMode

const TABLES_OF: Record<WatcherType, readonly WatchTable[]> = {
  data: ['data', 'exists'],
  children: ['children'],
  persistent: ['persistent'],
  'persistent-recursive': ['persistent-recursive'],
  any: ['data', 'exists', 'children', 'persistent', 'persistent-recursive'],
}

/**
 * The client's side of watches (org.apache.zookeeper.ZKWatchManager): which of its watchers an event is for. The server
 * knows only that the connection wants to hear of a path.
 */
export class ClientWatches {
  private readonly tables: Record<WatchTable, Table> = {
    data: new Map(),
    exists: new Map(),
    children: new Map(),
    persistent: new Map(),
    'persistent-recursive': new Map(),
  }

  add(table: WatchTable, path: string, watcher: Watcher): void {
    const watchers = this.tables[table].get(path)
    if (watchers === undefined) this.tables[table].set(path, new Set([watcher]))
    else watchers.add(watcher)
  }

  /** The watchers to call; one-shot ones are used up. */
  take({ type, path }: WatchEvent): Set<Watcher> {
    const found = new Set<Watcher>()
    const addAll = (watchers: Iterable<Watcher> | undefined) => {
      for (const watcher of watchers ?? []) found.add(watcher)
    }
    const used: WatchTable[] = []
    if (type !== 'NodeChildrenChanged') used.push('data', 'exists')
    if (type === 'NodeChildrenChanged' || type === 'NodeDeleted') used.push('children')
    for (const name of used) {
      addAll(this.tables[name].get(path))
      this.tables[name].delete(path)
    }
    addAll(this.tables.persistent.get(path))
    const recursive = this.tables['persistent-recursive']
    if (type !== 'NodeChildrenChanged' && recursive.size > 0) {
      for (const each of pathAndParents(path)) addAll(recursive.get(each))
    }
    return found
  }

  /** False when there was no such watcher. Without `watcher`, all of that type go. */
  remove(path: string, type: WatcherType, watcher: Watcher | undefined): boolean {
    let removed = false
    for (const name of TABLES_OF[type]) {
      const table = this.tables[name]
      const watchers = table.get(path)
      if (watchers === undefined) continue
      if (watcher === undefined) {
        table.delete(path)
        removed = true
        continue
      }
      if (watchers.delete(watcher)) removed = true
      if (watchers.size === 0) table.delete(path)
    }
    return removed
  }

  has(path: string, type: WatcherType): boolean {
    return TABLES_OF[type].some((name) => this.tables[name].has(path))
  }

  /** What is watched, by kind. */
  paths(): Record<WatchTable, string[]> {
    const { data, exists, children, persistent } = this.tables
    return {
      data: [...data.keys()],
      exists: [...exists.keys()],
      children: [...children.keys()],
      persistent: [...persistent.keys()],
      'persistent-recursive': [...this.tables['persistent-recursive'].keys()],
    }
  }

  clear(): void {
    for (const table of Object.values(this.tables)) table.clear()
  }
}

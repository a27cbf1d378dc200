import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { importsOf, roomOf, root, sourcesIn } from './sources.ts'

const sources = sourcesIn('src', 'commands')
const graph = new Map(sources.map((source) => [source.path, importsOf(source)]))

/** The table in DESIGN.md: room → what it may import, `all above` spelled out. */
function allowedImports(): Map<string, string[]> {
  const rows = readFileSync(path.join(root, 'DESIGN.md'), 'utf8').matchAll(
    /^\| `([\w/]+)` \|[^|]*\| ([^|]*) \|$/gm,
  )
  const allowed = new Map<string, string[]>()
  for (const [, room = '', text = ''] of rows) {
    const above = [...allowed.keys()]
    const names = text
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== 'Node built-ins')
      .flatMap((name) => (name === 'all above' ? above : [`src/${name}`]))
    allowed.set(room, names)
  }
  return allowed
}

const allowed = allowedImports()

/** Rooms that are imported file by file; all others through their index. */
function isOpenRoom(file: string): boolean {
  return /^src\/(base|protocol\/messages|client\/net)\//.test(file)
}

describe('imports', () => {
  it('finds the table and the sources', () => {
    expect([...allowed.keys()]).toContain('src/broker')
    expect(allowed.get('src/broker')).toContain('src/client/net')
    expect(sources.length).toBeGreaterThan(50)
  })

  it('follows the table in DESIGN.md', () => {
    const wrong: string[] = []
    for (const [file, imports] of graph) {
      const room = roomOf(file)
      if (room === 'src') continue
      for (const { file: target } of imports) {
        if (target === undefined || roomOf(target) === room) continue
        const rooms = allowed.get(room) ?? []
        if (!rooms.some((name) => target.startsWith(`${name}/`))) wrong.push(`${file} imports ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('enters a room through its index', () => {
    const wrong: string[] = []
    for (const [file, imports] of graph) {
      for (const { file: target } of imports) {
        if (target === undefined || roomOf(target) === roomOf(file) || isOpenRoom(target)) continue
        // The files of `exports` in package.json.
        if (roomOf(file) === 'src') continue
        // The command classes are part of the CLI and take what they need from it.
        if (roomOf(file) === 'commands' && roomOf(target) === 'src/cli') continue
        if (!target.endsWith('/index.ts')) wrong.push(`${file} imports ${target}`)
      }
    }
    expect(wrong).toEqual([])
  })

  it('names files that exist, with their extension', () => {
    const known = new Set(sources.map((source) => source.path))
    const wrong = [...graph].flatMap(([file, imports]) =>
      imports
        .filter((i) => i.file !== undefined && !known.has(i.file))
        .map((i) => `${file} imports ${i.specifier}`),
    )
    expect(wrong).toEqual([])
  })

  it('has no cycles', () => {
    expect(findCycles()).toEqual([])
  })

  it('lists every package it imports', () => {
    const pjson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
    const listed = new Set([...Object.keys(pjson.dependencies), ...Object.keys(pjson.optionalDependencies)])
    const wrong: string[] = []
    for (const [file, imports] of graph) {
      for (const { specifier, file: target } of imports) {
        if (target !== undefined || specifier.startsWith('node:')) continue
        const name = specifier
          .split('/')
          .slice(0, specifier.startsWith('@') ? 2 : 1)
          .join('/')
        if (!listed.has(name)) wrong.push(`${file} imports ${specifier}`)
      }
    }
    expect(wrong).toEqual([])
  })
})

/** Type imports load nothing, so they make no cycle. */
function findCycles(): string[] {
  const cycles: string[] = []
  const done = new Set<string>()
  const path: string[] = []
  const visit = (file: string) => {
    const at = path.indexOf(file)
    if (at !== -1) {
      cycles.push([...path.slice(at), file].join(' → '))
      return
    }
    if (done.has(file)) return
    path.push(file)
    for (const { file: target, isType } of graph.get(file) ?? []) {
      if (target !== undefined && !isType) visit(target)
    }
    path.pop()
    done.add(file)
  }
  for (const file of graph.keys()) visit(file)
  return cycles
}

import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { root, sourcesIn } from './sources.ts'

const sources = sourcesIn('src', 'commands', 'test').filter((source) => !source.path.startsWith('test/tidy/'))

function findAll(pattern: RegExp, inside = sources): string[] {
  return inside.flatMap((source) =>
    source.text
      .split('\n')
      .flatMap((line, i) => (pattern.test(line) ? [`${source.path}:${i + 1}: ${line.trim()}`] : [])),
  )
}

describe('leftovers', () => {
  it('has no notes to self', () => {
    expect(findAll(/\b(TODO|FIXME|XXX|HACK)\b/)).toEqual([])
  })

  it('runs all tests', () => {
    // What needs a real Kafka is skipped, with its reason, where there is none; that is decided in one place.
    const tests = sources.filter(
      (source) => source.path.startsWith('test/') && source.path !== 'test/interop/support/suite.ts',
    )
    expect(findAll(/\b(it|test|describe)\.(only|skip|todo)\b/, tests)).toEqual([])
  })

  it('has no debugger statements and no suppressed types', () => {
    expect(findAll(/^\s*debugger\b|@ts-(ignore|nocheck)/)).toEqual([])
  })

  it('keeps the lockfile in step with package.json', () => {
    const read = (file: string) => JSON.parse(readFileSync(path.join(root, file), 'utf8'))
    const pjson = read('package.json')
    const locked = read('package-lock.json').packages['']
    for (const field of ['version', 'dependencies', 'optionalDependencies', 'devDependencies']) {
      expect(locked[field], field).toEqual(pjson[field])
    }
  })
})

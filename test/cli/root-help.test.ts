import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { GROUPS, kafkaTools, rootHelp } from '../../src/cli/root-help.ts'

const manifest = JSON.parse(readFileSync('oclif.manifest.json', 'utf8'))
const { oclif } = JSON.parse(readFileSync('package.json', 'utf8'))
const ids = Object.keys(manifest.commands)
const descriptions = Object.entries<{ description: string }>(oclif.topics)

it('has a place for every command, and a line for it', () => {
  const nouns = new Set(ids.map((id) => id.split(':')[0] ?? ''))
  const tools = new Set(kafkaTools(ids))
  const placed = GROUPS.flatMap(([, names]) => names)
  expect([...placed].sort()).toEqual(['help', ...[...nouns].filter((name) => !tools.has(name))].sort())
  const text = rootHelp({
    version: '1.2.3',
    summaries: new Map(ids.map((id) => [id, manifest.commands[id].summary])),
    topics: new Map(descriptions.map(([name, { description }]) => [name, description])),
  })
  for (const name of placed) expect(text).toMatch(new RegExp(`^ {2}${name} +\\S`, 'm'))
  for (const tool of tools) expect(text).toContain(tool)
  expect(text.split('\n').filter((line) => line.length > 90)).toEqual([])
})

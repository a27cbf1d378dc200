import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { typedWords } from '../../../src/cli/completion/quoting.ts'
import { CommandSet } from '../../../src/cli/shell/command-set.ts'
import { complete, type ShellCompletionSource } from '../../../src/cli/shell/completion.ts'
import { pathText, resolvePath } from '../../../src/cli/shell/tree.ts'
import { root } from '../../support/cli.ts'

const NAMES: Readonly<Record<string, readonly string[]>> = {
  '/': ['brokers', 'groups', 'topics', 'zk'],
  '/topics': ['orders', 'orders.dlq', 'with space'],
  '/topics/orders': ['0', '1'],
  '/groups': ['billing', '\u001b[2Jwiped'],
  '/brokers': ['0', '1', '2'],
  '/zk': ['brokers', 'controller'],
  '/zk/brokers': ['ids', 'topics'],
}
const manifest = JSON.parse(readFileSync(`${root}/oclif.manifest.json`, 'utf8'))
const source: ShellCompletionSource = {
  // Of the commands only their names are looked at; none is loaded.
  commands: new CommandSet(root, manifest.commands),
  directory: ['topics'],
  names: (path) => Promise.resolve(NAMES[pathText(path)] ?? []),
  configs: () =>
    Promise.resolve([{ name: 'retention.ms', type: 'LONG', defaultText: '604800000', valid: '[-1,...]' }]),
  profiles: () => Promise.resolve([]),
}

/** What could come in place of what stands before the cursor, which `^` marks. */
const at = async (line: string) => {
  const cursor = line.indexOf('^')
  const { from, candidates } = await complete(source, line.replace('^', ''), cursor)
  return candidates.map(({ text }) => line.slice(0, from) + text)
}

describe('completion', () => {
  it.each([
    ['brok^', ['broker', 'brokers']],
    ['topics cre^', ['topics create']],
    ['topic cre^', ['topic create']],
    ['his^', ['history']],
    ['topics describe or^', ['topics describe orders', 'topics describe orders.dlq']],
    ['topics describe with^', ["topics describe 'with space'"]],
    ['groups describe ^', ['groups describe billing']],
    ['topics list --out^', ['topics list --output']],
    ['topics list -o nd^', ['topics list -o ndjson']],
    ['topics list --output=c^', ['topics list --output=csv']],
    ['topics create x --config ret^', ['topics create x --config retention.ms=']],
    ['time topics off^', ['time topics offsets']],
    ['watch -n 5 topics off^', ['watch -n 5 topics offsets']],
    ['topics list; topics off^', ['topics list; topics offsets']],
    ['pwd && topics off^ x', ['pwd && topics offsets']],
    ['cd o^', ['cd orders', 'cd orders.dlq']],
    ['ls /groups/^', ['ls /groups/billing']],
    ['repeat 3 topics off^', ['repeat 3 topics offsets']],
    ['watch 2s topics off^', ['watch 2s topics offsets']],
    ['ls /top^', ['ls /topics']],
    ['ls orders/^', ['ls orders/0', 'ls orders/1']],
    ['zk ls /brokers/i^', ['zk ls /brokers/ids']],
    ['set output j^', ['set output json']],
    ['topics list | gr^', []],
    ['topics list > to^', []],
    ['topics list # to^', []],
    ['nosuch th^', []],
  ])('%s', async (line, expected) => {
    expect(await at(line)).toEqual(expected)
  })

  it('says what a candidate is for', async () => {
    const { candidates } = await complete(source, 'topics li', 9)
    expect(candidates).toEqual([{ text: 'list', label: 'list', note: 'List topics' }])
  })

  it('does not offer a flag twice', async () => {
    const found = await at('topics list --internal --^')
    expect(found).toContain('topics list --internal --output')
    expect(found).not.toContain('topics list --internal --internal')
  })
})

describe('the words before the cursor', () => {
  it.each([
    ['a "b c', { words: ['a', 'b c'], from: 2, quote: '"' }],
    ['a b ', { words: ['a', 'b', ''], from: 4, quote: '' }],
    ["x; 'y z' ", { words: ['y z', ''], from: 9, quote: '' }],
    ['', { words: [''], from: 0, quote: '' }],
  ])('%j', (text, expected) => {
    expect(typedWords(text)).toEqual(expected)
  })
})

describe('the tree', () => {
  it.each([
    ['..', '/topics'],
    ['../..', '/'],
    ['../../..', '/'],
    ['x/./y', '/topics/orders/x/y'],
    ['/zk//brokers/', '/zk/brokers'],
    ['zk:/brokers/ids', '/zk/brokers/ids'],
  ])('%s', (text, expected) => {
    expect(pathText(resolvePath(['topics', 'orders'], text))).toBe(expected)
  })
})

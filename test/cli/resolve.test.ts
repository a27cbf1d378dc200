import { describe, expect, it } from 'vitest'
import { canonicalWords, resolveCommand, unknownCommand, wantsHelp } from '../../src/cli/resolve.ts'

const ids = new Set([
  'topics:create',
  'topics:list',
  'topics:delete',
  'broker:start',
  'produce',
  'configs:list',
])

describe('command words', () => {
  it.each([
    [
      ['topic', 'create', 'orders'],
      ['topics', 'create', 'orders'],
    ],
    [
      ['topic', 'ls'],
      ['topics', 'list'],
    ],
    [
      ['topics', 'rm', 'ls'],
      ['topics', 'delete', 'ls'],
    ],
    [
      ['help', 'topic', 'create'],
      ['help', 'topics', 'create'],
    ],
    [
      ['topic', '--help'],
      ['topics', '--help'],
    ],
    [
      ['broker', 'start'],
      ['broker', 'start'],
    ],
    [
      ['produce', 'topic'],
      ['produce', 'topic'],
    ],
    [
      ['group', 'list'],
      ['group', 'list'],
    ],
    [[], []],
  ])('%j is %j', (words, expected) => {
    expect(canonicalWords(words, ids)).toEqual(expected)
  })

  it('finds the command and leaves the rest', () => {
    expect(resolveCommand(['topics', 'create', 'list'], ids)).toEqual({ id: 'topics:create', rest: ['list'] })
    expect(resolveCommand(['produce', 'list', '-k', 'x'], ids)).toEqual({
      id: 'produce',
      rest: ['list', '-k', 'x'],
    })
    expect(resolveCommand(['topics'], ids)).toBeUndefined()
    expect(resolveCommand(['--version'], ids)).toBeUndefined()
    expect(resolveCommand([], ids)).toBeUndefined()
  })

  it('looks for help only before --', () => {
    expect(wantsHelp(['orders', '-h'])).toBe(true)
    expect(wantsHelp(['orders', '--', '--help'])).toBe(false)
  })

  it.each([
    [['topics', 'descrybe'], { typed: 'topics descrybe', nearest: undefined }],
    [['topics', 'lsit'], { typed: 'topics lsit', nearest: 'topics list' }],
    [['topics', 'del', 'x'], { typed: 'topics del', nearest: 'topics delete' }],
    [['topics', 'remove', 'x'], { typed: 'topics remove', nearest: 'topics delete' }],
    [['topics', 'start'], { typed: 'topics start', nearest: 'broker start' }],
    [['create', 'topic', 'x'], { typed: 'create', nearest: 'topics create' }],
    [['delete', 'x'], { typed: 'delete', nearest: 'topics delete' }],
    [['foo'], { typed: 'foo', nearest: undefined }],
    [['topics', 'creat', 'x'], { typed: 'topics creat', nearest: 'topics create' }],
    [['topcs', 'list'], { typed: 'topcs', nearest: 'topics' }],
    [['xyzzy'], { typed: 'xyzzy', nearest: undefined }],
    [['topics'], undefined],
    [['topics', '--help'], undefined],
    [['produce', 'x'], undefined],
    [['help', 'x'], undefined],
    [['topics', 'create', '-h'], undefined],
    [['--help'], undefined],
  ])('knows that %j is unknown, and the nearest', (words, expected) => {
    expect(unknownCommand(words, ids)).toEqual(expected)
  })
})

import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { BUILTINS, plainWords } from '../../../src/cli/shell/builtins.ts'
import { historyFile, settingsFile, startFile } from '../../../src/cli/shell/places.ts'
import { recalledLine } from '../../../src/cli/shell/recall.ts'
import { readSettings, SETTINGS, settingOf, writeSettings } from '../../../src/cli/shell/settings.ts'
import { root } from '../../support/cli.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

describe('saved settings', () => {
  it('come back, in a file that is its owner’s', () => {
    const file = path.join(temporaryDirectory(), 'kcli', 'shell.kcli')
    const settings = new Map([
      ['output', 'json'],
      ['timeout', '500'],
    ])
    writeSettings(file, settings)
    expect(readFileSync(file, 'utf8')).toBe('set output json\nset timeout 500\n')
    expect(statSync(file).mode & 0o777).toBe(0o600)
    expect(readSettings(file)).toEqual(settings)
    expect(settingOf(readSettings(file), 'pager')).toBe('on')
  })

  it('leave out what makes no sense, and are none where nothing can be read or written', () => {
    const folder = temporaryDirectory()
    const file = path.join(folder, 'shell.kcli')
    writeFileSync(file, 'set output xml\nset nosuch on\ntopics delete --all\nset color off\nset timeout\n')
    expect(readSettings(file)).toEqual(new Map([['color', 'off']]))
    expect(readSettings(folder)).toEqual(new Map())
    mkdirSync(path.join(folder, 'folder'))
    writeSettings(path.join(folder, 'folder'), new Map([['color', 'off']]))
  })
})

describe('places', () => {
  it('follow the environment', () => {
    const env = { HOME: '/h', XDG_CONFIG_HOME: '/c', XDG_STATE_HOME: '/s' }
    expect(settingsFile(env, 'linux')).toBe('/c/kcli/shell.kcli')
    expect(startFile(env)).toBe('/h/.kclirc')
    expect(startFile({ ...env, KCLI_RC: '/my/rc' })).toBe('/my/rc')
    expect(historyFile({ KCLI_HISTORY_FILE: '/my/history' }, { name: 'a', target: 'b' })).toBe('/my/history')
  })

  it('keep the histories of targets apart, whatever these are called', () => {
    const env = { XDG_STATE_HOME: '/s' }
    const of = (name: string, target: string) => historyFile(env, { name, target })
    expect(of('local', 'x')).toMatch(/^\/s\/kcli\/history\/local-[0-9a-f]{8}$/)
    expect(of('data', '/a/data')).not.toBe(of('data', '/b/data'))
    expect(path.dirname(of('../../etc/x:9092', 'x'))).toBe('/s/kcli/history')
  })
})

describe('a line of the history', () => {
  const lines = ['topics list', 'consume orders', 'topics describe orders']

  it.each([
    ['!!', 'topics describe orders'],
    ['redo', 'topics describe orders'],
    [' !1 ', 'topics list'],
    ['redo 2', 'consume orders'],
    ['!-2', 'consume orders'],
    ['!topics', 'topics describe orders'],
    ['!topics l', 'topics list'],
    ['redolent', undefined],
    ['topics list !1', undefined],
    ['!', undefined],
  ])('%j', (text, line) => {
    expect(recalledLine(text, lines)).toBe(line)
  })

  it.each([
    ['!4', lines],
    ['!0', lines],
    ['!nosuch', lines],
    ['redo x', lines],
    ['!!', []],
  ])('%j is told when there is none', (text, known) => {
    expect(() => recalledLine(text, known)).toThrow(/history has no line|nothing was typed/)
  })
})

describe('words that mean others', () => {
  it.each([
    ['kcli topics list', 'topics list'],
    ['kcli', 'help'],
    ['\\q', 'exit'],
    ['\\x', 'set expanded toggle'],
    ['\\x auto', 'set expanded auto'],
    ['\\timing off', 'set timing off'],
    ['\\errverbose', 'error'],
    ['\\?', 'help'],
    ['?', 'help'],
    ['? topics', 'help topics'],
    ['topics create ?', 'help topics create'],
    ['topics create a?', 'topics create a?'],
  ])('%j', (text, expected) => {
    expect(plainWords(text.split(' ')).join(' ')).toBe(expected)
  })
})

it('docs/shell.md has all words and settings', () => {
  const text = readFileSync(`${root}/docs/shell.md`, 'utf8')
  const names = [...BUILTINS.keys(), ...Object.keys(SETTINGS)]
  expect(names.filter((name) => !new RegExp(`\`${name}[\` ]`).test(text) && name !== 'quit')).toEqual([])
})

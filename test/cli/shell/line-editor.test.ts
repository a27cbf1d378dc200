import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import type { ReadStream, WriteStream } from 'node:tty'
import { describe, expect, it } from 'vitest'
import { placeAfter, textWidth } from '../../../src/cli/output/text-width.ts'
import { History } from '../../../src/cli/shell/history.ts'
import { LineEditor, type Typed } from '../../../src/cli/shell/line-editor.ts'

/** A terminal of which only the keys matter; the screen is looked at in test/interop/terminal.nut.ts. */
function terminal(history: readonly string[] = []) {
  const modes: boolean[] = []
  const input = Object.assign(new PassThrough(), { setRawMode: (raw: boolean) => void modes.push(raw) })
  const output = Object.assign(new PassThrough(), { columns: 40 })
  const past = new History(undefined)
  for (const line of history) past.add(line)
  const editor = new LineEditor({
    input: input as unknown as ReadStream,
    output: output as unknown as WriteStream,
    history: past,
    complete: (text) =>
      Promise.resolve({
        from: 0,
        candidates: ['topics', 'topology', 'groups']
          .filter((each) => each.startsWith(text))
          .map((each) => ({ text: each })),
      }),
    hint: (text) => (text === 'to' ? { text: 'pics', isAcceptable: true } : undefined),
    color: false,
  })
  const type = async (...keys: string[]): Promise<Typed> => {
    const typed = editor.read('> ')
    for (const key of keys) {
      input.write(key)
      // A lone escape waits for what may follow it; completion answers in a later turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
    return await typed
  }
  const line = async (...keys: string[]) => {
    const typed = await type(...keys, '\r')
    return typed.kind === 'line' ? typed.text : typed.kind
  }
  const data = (...keys: string[]) => {
    const typed = editor.read('', { withHistory: false })
    for (const key of keys) input.write(key)
    return typed
  }
  return { type, line, data, modes, input, shown: () => String(output.read() ?? '') }
}

const LEFT = '\u001b[D'
const RIGHT = '\u001b[C'
const UP = '\u001b[A'
const DOWN = '\u001b[B'
const ctrl = (letter: string) => String.fromCharCode(letter.charCodeAt(0) - 96)

describe('typing ahead', () => {
  it('Ctrl-D that came before the terminal was raw ends the data of a command, and no shell', async () => {
    const { data, line } = terminal()
    expect(await data('first\n\u0000')).toMatchObject({ kind: 'line', text: 'first' })
    expect(await data()).toEqual({ kind: 'end' })
    expect(await line('\u0000', 'a')).toBe('a')
  })

  it('what comes in one piece with the end of a line is the next line', async () => {
    const { type } = terminal()
    expect(await type('first\rsecond\rthi')).toMatchObject({ text: 'first' })
    expect(await type()).toMatchObject({ text: 'second' })
    expect(await type('rd', '\r')).toMatchObject({ text: 'third' })
  })

  it('what comes later is for the command that runs', async () => {
    const { type, input } = terminal()
    expect(await type('first\r')).toMatchObject({ text: 'first' })
    input.resume()
    input.write('an answer\r')
    await new Promise((resolve) => setImmediate(resolve))
    expect(await type('second\r')).toMatchObject({ text: 'second' })
  })
})

describe('editing', () => {
  it.each([
    ['what is typed', ['abc'], 'abc'],
    ['in the middle', ['abd', LEFT, 'c'], 'abcd'],
    ['at both ends', ['b', ctrl('a'), 'a', ctrl('e'), 'c'], 'abc'],
    ['characters of two units', ['a😀b', LEFT, LEFT, '\u007f', 'x'], 'x😀b'],
    ['over an emoji', ['a😀', '\u007f', 'b'], 'ab'],
    ['a killed word that comes back', ['one two', ctrl('w'), ctrl('a'), ctrl('y'), ' '], 'two one '],
    ['to the end and to the start', ['ab cd', LEFT, LEFT, ctrl('k'), 'x', LEFT, ctrl('u')], 'x'],
    ['words', ['one two', '\u001bb', 'X', '\u001bb', '\u001bb', 'Y'], 'Yone Xtwo'],
    ['swapped', ['ab', ctrl('t')], 'ba'],
    ['deleted to the right', ['abc', ctrl('a'), ctrl('d')], 'bc'],
    ['a pasted text keeps its lines', ['\u001b[200~a\nb\u001b[201~', '!'], 'a\nb!'],
    ['control characters are no text', ['a\u0001\u0000b', ctrl('e'), 'c'], 'bac'],
  ])('%s', async (_, keys, expected) => {
    expect(await terminal().line(...keys)).toBe(expected)
  })

  it('ends with Ctrl-D on an empty line only, and gives a line up with Ctrl-C', async () => {
    const { type, modes } = terminal()
    expect(await type(ctrl('d'))).toEqual({ kind: 'end' })
    expect(await type('abc', ctrl('c'))).toEqual({ kind: 'interrupt', text: 'abc' })
    expect(modes).toEqual([true, false, true, false])
  })
})

describe('history', () => {
  const lines = ['topics list', 'groups list', 'topics create x']

  it.each([
    ['the last one', [UP], 'topics create x'],
    ['back and forth', [UP, UP, UP, DOWN], 'groups list'],
    ['what was typed comes back', ['gr', UP, DOWN], 'gr'],
    ['only what begins the same', ['to', UP, UP], 'topics list'],
    ['a search', [ctrl('r'), 'list'], 'groups list'],
    ['a search further back', [ctrl('r'), 'list', ctrl('r')], 'topics list'],
    ['a search that is given up', ['new', ctrl('r'), 'list', ctrl('g')], 'new'],
    ['a found line is edited', [ctrl('r'), 'cre', RIGHT, 'y'], 'topics create xy'],
  ])('%s', async (_, keys, expected) => {
    expect(await terminal(lines).line(...keys)).toBe(expected)
  })

  it('is kept in a file that is private, each line once, without what is secret', () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-'))
    const file = path.join(dir, 'state/history')
    try {
      const first = new History(file)
      for (const line of [
        'a',
        'b',
        'a',
        ' hidden',
        'zk addauth digest u:p',
        'x --password y',
        'two\nlines',
        '"quoted',
      ])
        first.add(line)
      new History(file).add('from another shell')
      expect(new History(file).lines).toEqual(['b', 'a', 'two\nlines', '"quoted', 'from another shell'])
      expect(readFileSync(file, 'utf8')).not.toMatch(/hidden|digest|password/)
      expect(statSync(file).mode & 0o777).toBe(0o600)
    } finally {
      rmSync(dir, { recursive: true })
    }
  })
})

describe('completion', () => {
  it('takes the only one with a blank, else what they have in common, else lists them', async () => {
    expect(await terminal().line('g', '\t', 'x')).toBe('groups x')
    expect(await terminal().line('t', '\t')).toBe('topo'.slice(0, 3))
    const { line, shown } = terminal()
    expect(await line('top', '\t', 'o')).toBe('topo')
    expect(shown()).toContain('topics    topology')
  })

  it('takes over a hint with the right arrow', async () => {
    expect(await terminal().line('to', RIGHT)).toBe('topics')
  })
})

describe('places on the screen', () => {
  it('know wide characters, marks and wrapped lines', () => {
    expect(['abc', '日本', 'e\u0301', '😀'].map(textWidth)).toEqual([3, 4, 1, 2])
    expect(placeAfter('abcde', 5)).toEqual({ row: 1, column: 0 })
    expect(placeAfter('abcd日', 5)).toEqual({ row: 1, column: 2 })
    expect(placeAfter('ab\nc', 5)).toEqual({ row: 1, column: 1 })
  })
})

import { describe, expect, it } from 'vitest'
import { textWidth } from '../../../src/cli/output/text-width.ts'
import { clip, padTo } from '../../../src/cli/screen/fit.ts'
import { KeyDecoder } from '../../../src/cli/screen/keys.ts'
import { changedRows } from '../../../src/cli/screen/live-screen.ts'

describe('fitting text on a screen', () => {
  it('cuts a line by what is seen of it, and leaves no style open', () => {
    expect(clip('abcdef', 3)).toBe('abc')
    expect(clip('abc', 3)).toBe('abc')
    expect(clip('a\u001b[31mbcd\u001b[39me', 2)).toBe('a\u001b[31mb\u001b[0m')
    expect(clip('\u001b[31mab\u001b[39m', 2)).toBe('\u001b[31mab\u001b[39m')
  })

  it('cuts no wide character in half', () => {
    expect(clip('漢字', 3)).toBe('漢')
    expect(clip('e\u0301e\u0301e', 2)).toBe('e\u0301e\u0301')
    for (const columns of [1, 2, 3, 4, 5, 9])
      for (const align of ['left', 'right'] as const) {
        const text = padTo('漢字kanji', columns, align)
        expect(textWidth(text), `${columns} ${align}`).toBe(columns)
      }
    expect(padTo('漢字kanji', 4)).toBe('漢… ')
    expect(padTo('7', 3, 'right')).toBe('  7')
  })
})

describe('drawing', () => {
  it('writes only the rows that differ', () => {
    expect(changedRows([], ['a', '', 'c'])).toBe('\u001b[1;1H\u001b[Ka\u001b[3;1H\u001b[Kc')
    expect(changedRows(['a', 'b', 'c'], ['a', 'b', 'c'])).toBe('')
    expect(changedRows(['a', 'b', 'c'], ['a', 'x', ''])).toBe('\u001b[2;1H\u001b[Kx\u001b[3;1H\u001b[K')
  })
})

describe('keys', () => {
  async function keysOf(...chunks: string[]): Promise<string[]> {
    const keys: string[] = []
    const decoder = new KeyDecoder((key) => keys.push(key))
    for (const chunk of chunks) decoder.write(Buffer.from(chunk))
    await expect.poll(() => keys.at(-1)).toBe('!')
    decoder.close()
    return keys.slice(0, -1)
  }

  it('have names, however a terminal spells them', async () => {
    expect(await keysOf('aZ/?1 +<!')).toEqual(['a', 'Z', '/', '?', '1', ' ', '+', '<'])
    expect(await keysOf('\u001b[A\u001b[B\u001bOC\u001bOD\u001b[5~\u001b[6~\u001b[H\u001b[4~!')).toEqual([
      'up',
      'down',
      'right',
      'left',
      'pageup',
      'pagedown',
      'home',
      'end',
    ])
    expect(await keysOf('\t\u001b[Z\r\u007f\u0003\u000c!')).toEqual([
      'tab',
      'shift-tab',
      'return',
      'backspace',
      'ctrl-c',
      'ctrl-l',
    ])
    expect(await keysOf('é漢!')).toEqual(['é', '漢'])
  })

  it('are whole though they come in pieces', async () => {
    expect(await keysOf('\u001b', '[', 'A', '\u00e9', '!')).toEqual(['up', 'é'])
  })

  it('tell Escape alone from the beginning of a sequence', async () => {
    const keys: string[] = []
    const decoder = new KeyDecoder((key) => keys.push(key))
    decoder.write(Buffer.from('\u001b'))
    await expect.poll(() => keys).toEqual(['escape'])
    decoder.close()
  })
})

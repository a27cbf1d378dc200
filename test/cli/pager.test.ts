import { describe, expect, it } from 'vitest'
import { expandedTable, widestLine } from '../../src/cli/output/expanded.ts'
import { Output } from '../../src/cli/output/output.ts'
import { Pager, pagerCommand } from '../../src/cli/output/pager.ts'

const pagerOf = (rows: number, columns = 10) => {
  const shown: string[] = []
  const run = (text: string) => {
    shown.push(text)
    return Promise.resolve()
  }
  return { shown, pager: new Pager({ rows, columns, run }) }
}

describe('the pager', () => {
  it.each([
    ['1\n2\n', false],
    ['1\n2\n3\n', true],
    ['12345678901234567890\n2\n', true],
    ['\u001b[31m1234567890\u001b[39m\n2\n', false],
    ['', false],
  ])('takes what is taller than the terminal: %j', (text, isTaken) => {
    expect(pagerOf(3).pager.takes(text)).toBe(isTaken)
  })

  it('shows everything behind a tall text with it, when the command has ended', async () => {
    const { shown, pager } = pagerOf(2)
    const written: string[] = []
    const out = new Output({
      format: 'table',
      headers: true,
      color: false,
      note: () => undefined,
      pager,
      sink: {
        isTerminal: true,
        write: (text) => void written.push(String(text)),
        flush: () => Promise.resolve(),
      },
    })
    await out.write('short\n')
    await out.write('1\n2\n3\n')
    await out.write('end\n')
    expect([written, shown]).toEqual([['short\n'], []])
    await out.finish()
    await out.finish()
    expect(shown).toEqual(['1\n2\n3\nend\n'])
  })

  it.each([
    [{ KCLI_PAGER: 'more', PAGER: 'less -R' }, 'linux', 'more'],
    [{ PAGER: 'less -R' }, 'linux', 'less -R'],
    [{ KCLI_PAGER: 'cat', PAGER: 'less' }, 'linux', undefined],
    [{ PAGER: '' }, 'linux', undefined],
    [{}, 'win32', undefined],
  ])('is %j on %s: %j', (env, platform, command) => {
    expect(pagerCommand(env, platform)).toBe(command)
  })
})

describe('expanded rows', () => {
  const view = {
    rows: [
      { name: 'orders', count: 0 },
      { name: '', count: 12 },
    ],
    columns: [
      { header: 'NAME', value: ({ name }: { name: string }) => name },
      { header: 'COUNT', value: ({ count }: { count: number }) => count },
      { header: 'MORE', value: () => 'x', wide: true },
    ],
    data: () => ({}),
    name: () => '',
  }

  it('have a line for each cell', () => {
    expect(expandedTable(view, 'table').split('\n')).toEqual([
      '-[ 1 ]-------------------',
      'NAME   orders',
      'COUNT  0',
      '-[ 2 ]-------------------',
      'NAME   -',
      'COUNT  12',
      '',
    ])
    expect(expandedTable(view, 'wide')).toContain('MORE   x')
  })

  it.each([
    [undefined, 'table', false],
    [0, 'table', true],
    [100, 'table', false],
    [5, 'table', true],
    [0, 'csv', false],
  ] as const)('from a width of %j on, as %s: %j', async (expandedFrom, format, isExpanded) => {
    let text = ''
    const sink = {
      isTerminal: false,
      write: (part: unknown) => {
        text += part
        return undefined
      },
      flush: () => Promise.resolve(),
    }
    const out = new Output({ format, headers: true, color: false, note: () => undefined, sink, expandedFrom })
    await out.view(view)
    expect(text.startsWith('-[ 1 ]')).toBe(isExpanded)
  })

  it('knows how wide a text is', () => {
    expect(widestLine('a\n\u001b[1m中文\u001b[22m\nabc')).toBe(4)
  })
})

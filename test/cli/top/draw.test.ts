import { describe, expect, it } from 'vitest'
import { textWidth } from '../../../src/cli/output/text-width.ts'
import { drawTop, type Frame, type TopStyles } from '../../../src/cli/services/top/draw.ts'
import { afterKey, initialState, type TopState } from '../../../src/cli/services/top/state.ts'
import { Trends } from '../../../src/cli/services/top/trends.ts'
import { viewOf } from '../../../src/cli/services/top/view.ts'
import { broker, group, look, member, partition } from './looks.ts'

const same = (text: string) => text
const PLAIN: TopStyles = { bold: same, dim: same, good: same, bad: same, inverse: same }

const reader = member('reader', { partitions: [{ topic: 'orders', partition: 0 }] })
const names = Array.from({ length: 40 }, (_, i) => `topic-${String(i).padStart(2, '0')}`)
const before = look(0, {
  partitions: [partition('orders', 0, 100), ...names.map((name) => partition(name, 0, 10))],
  groups: [group('billing', [['orders', 0, 40]]), group('audit', [['orders', 0, 90]])],
})
const now = look(1_000, {
  partitions: [
    partition('orders', 0, 1_300),
    ...names.map((name, i) => partition(name, 0, 10 + i, i === 7 ? { isr: [0] } : {})),
  ],
  groups: [
    group('billing', [['orders', 0, 40]], { members: [reader] }),
    group('audit', [['orders', 0, 1_290]]),
  ],
  znodes: {
    server: 'zk:2181',
    version: '3.8.4',
    mode: 'standalone',
    znodes: 1_234,
    ephemerals: 3,
    sessions: 4,
    connections: null,
    watches: 17,
    below: [{ path: '/brokers', count: 40 }],
    changes: [{ timeMs: 0, change: 'changed', path: '/brokers/topics/orders' }],
    changeCount: 9,
  },
})

/** A terminal with somebody at it. */
class Desk {
  state: TopState
  readonly trends = new Trends()
  readonly frame: Frame

  constructor(changed: Partial<Frame> = {}) {
    this.state = initialState('brokers', 2_000)
    const view = viewOf(before, now)
    this.trends.add(viewOf(undefined, before))
    this.trends.add(view)
    const size = { rows: 24, columns: 100 }
    const facts = { target: 'here:9092', view, trends: this.trends, silentSinceMs: undefined, styles: PLAIN }
    this.frame = { ...facts, ...size, state: this.state, ...changed }
  }

  press(...keys: string[]): this {
    for (const key of keys) this.state = afterKey(this.state, key, this.drawn)
    return this
  }

  get drawn() {
    return drawTop({ ...this.frame, state: this.state })
  }

  get lines(): readonly string[] {
    return this.drawn.lines
  }

  get text(): string {
    return this.lines.join('\n')
  }

  /** What stands in the first column of the list, behind its heading. */
  get first(): string[] {
    return this.lines.slice(5, -1).flatMap((line) => line.slice(2).split(' ')[0] || [])
  }
}

describe('the screen', () => {
  it('says how the cluster is, above the lists', () => {
    const { lines } = new Desk()
    expect(lines[0]).toMatch(/^kcli top {2}here:9092 {2}cluster abc .* every 2 s$/)
    expect(lines[1]).toBe('Brokers 2 up, controller 0   Topics 41 with 41 partitions, 1 under-replicated')
    expect(lines[2]).toMatch(
      /^In 1,980 records\/s, 19 KiB\/s {3}Out 1,200 records\/s {3}Lag 1,270 in 2 groups {3}/,
    )
    expect(lines[3]).toBe('[1 Brokers]  2 Topics   3 Groups   4 Partitions   5 Znodes ')
    expect(lines.at(-1)).toMatch(/^q quit {3}\? help {3}Tab next .* p pause$/)
  })

  it('is as large as the terminal, whatever is on it', () => {
    const odd = look(0, {
      partitions: [partition('漢字'.repeat(40), 0, 1), partition('\u001b[31mred', 0, 1)],
    })
    for (const [rows, columns] of [
      [5, 20],
      [8, 40],
      [24, 80],
      [60, 250],
    ] as const)
      for (const view of [viewOf(before, now), viewOf(undefined, odd), undefined])
        for (const keys of [
          ['1'],
          ['2'],
          ['2', 'return'],
          ['3'],
          ['3', 'return'],
          ['4'],
          ['5'],
          ['?'],
          ['/', '漢'],
        ]) {
          const { lines } = new Desk({ rows, columns, view }).press(...keys)
          expect(lines, `${rows}x${columns} ${keys}`).toHaveLength(rows)
          for (const line of lines.slice(4, -1))
            expect(textWidth(line), `${columns} ${keys}: ${line}`).toBeLessThanOrEqual(Math.max(columns, 80))
          expect(lines.join('')).not.toContain('\u001b')
        }
  })

  it('leaves columns out from the right where there is no room, never the name', () => {
    const narrow = new Desk({ columns: 40 }).press('2')
    expect(narrow.lines[4]).toMatch(/^ {2}TOPIC +PARTS +LATE/)
    expect(narrow.lines[4]).not.toContain('TREND')
    expect(new Desk({ columns: 130 }).press('2').lines[4]).toContain('TREND')
  })

  it('says so when nobody answers, and keeps what was seen', () => {
    const { lines, text } = new Desk({ silentSinceMs: 0 })
    expect(lines[1]).toMatch(/^No broker has answered since \d\d:\d\d:\d\d/)
    expect(text).toContain('127.0.0.1:9091')
  })

  it('shows what brokers refuse in the last line', () => {
    const view = { ...viewOf(before, now), problems: ['broker 1 does not tell its sizes: NO'] }
    expect(new Desk({ view }).lines.at(-1)).toBe('broker 1 does not tell its sizes: NO')
  })
})

describe('keys', () => {
  it('lead from list to list', () => {
    const desk = new Desk()
    expect(desk.press('tab').state.tab).toBe('topics')
    expect(desk.press('shift-tab', 'shift-tab').state.tab).toBe('znodes')
    expect(desk.press('3').state.tab).toBe('groups')
    expect(desk.press('9').state.tab).toBe('groups')
  })

  it('sort by the columns, numbers with the largest first', () => {
    const desk = new Desk().press('2')
    expect(desk.first.slice(0, 2)).toEqual(['orders', 'topic-39'])
    expect(desk.lines[4]).toContain('IN/S↓')
    desk.press('r')
    expect(desk.first.slice(0, 2)).toEqual(['topic-00', 'topic-01'])
    expect(desk.lines[4]).toContain('IN/S↑')
    desk.press('left', 'left', 'left')
    expect(desk.lines[4]).toContain('TOPIC↑')
    expect(desk.first.slice(0, 2)).toEqual(['orders', 'topic-00'])
    desk.press('<')
    expect(desk.lines[4]).toContain('SIZE↓')
  })

  it('choose a row that stays chosen when the order changes, and scroll to it', () => {
    const desk = new Desk().press('2', 'down', 'down')
    const marked = () => desk.lines.find((line) => line.startsWith('> '))
    expect(marked()).toContain('topic-38')
    desk.press('r')
    expect(marked()).toContain('topic-38')
    desk.press('home')
    expect(marked()).toContain('topic-00')
    desk.press('pagedown')
    expect(marked()).toContain('topic-18')
    desk.press('end', 'k')
    expect(marked()).toContain('topic-39')
    expect(desk.press('down', 'down', 'down').lines.filter((line) => line.startsWith('>'))).toHaveLength(1)
  })

  it('filter by words, until Escape', () => {
    const desk = new Desk().press('2', '/', 'T', 'O', 'P', ' ', '3', '7')
    expect(desk.first).toEqual(['topic-37'])
    expect(desk.lines[3]).toContain('/TOP 37▏')
    expect(desk.press('backspace').first).toHaveLength(13)
    expect(desk.press('return').lines[3]).toMatch(/\/TOP 3$/)
    // Another list has a filter of its own.
    expect(desk.press('3').first).toEqual(['billing', 'audit'])
    expect(desk.press('2', 'escape').lines[3]).not.toContain('/')
    expect(desk.press('/', 'q', 'q').text).toContain("Nothing matches 'qq'.")
    expect(desk.state.hasQuit).toBe(false)
    expect(desk.press('escape').first).toHaveLength(18)
  })

  it('open the partitions of a topic and the members of a group, and lead back', () => {
    const desk = new Desk().press('2', 'return')
    expect(desk.text).toMatch(/Topic orders\n\nPartitions \(1\)\n +PART .*\n +0 +0 +0,1 of 0,1 +1,200 /)
    expect(desk.press('escape', '3', 'return').text).toMatch(
      /Group billing {2}Stable, .*\n\nMembers \(1\)\n.*\n +reader +127\.0\.0\.1 +1 +1,260 .*\n\nPartitions \(1\)\n.*\n +orders-0 +40 +1,300 +1,260 +0 +reader/,
    )
    expect(desk.press('backspace', '4', 'return').text).toContain('Topic topic-07')
    expect(desk.press('1', 'return').text).toMatch(
      /Broker 0 at .*the controller\n\nLog directories \(1\)[\s\S]*Leads \(41\)/,
    )
    const top = desk.lines[4]
    expect(desk.press('down').lines[4]).not.toBe(top)
    // No further than to the end.
    desk.press('end', 'end', 'up')
    expect(desk.state.scrolled).toBe(desk.drawn.maxScrolled - 1)
    expect(desk.press('escape').state.detail).toBeUndefined()
  })

  it('say so when what one looks at is gone', () => {
    const desk = new Desk().press('2', 'return')
    const empty = new Desk({ view: viewOf(undefined, look(0)) })
    empty.state = desk.state
    expect(empty.text).toContain('It is no longer there')
  })

  it('stop, look more or less often, help and quit', () => {
    const desk = new Desk()
    expect(desk.press('p').lines[0]).toMatch(/paused$/)
    expect(desk.press(' ', '+').lines[0]).toMatch(/every 5 s$/)
    expect(desk.press('-', '-', '-').lines[0]).toMatch(/every 0\.5 s$/)
    for (let i = 0; i < 20; i++) desk.press('-')
    expect(desk.state.intervalMs).toBe(250)
    expect(desk.press('?').text).toMatch(/PgUp PgDn/)
    expect(desk.press('escape').text).not.toMatch(/PgUp PgDn/)
    expect(desk.press('q').state.hasQuit).toBe(true)
  })
})

describe('znodes', () => {
  it('are counted as far as the service tells, and what changes is listed', () => {
    const { text } = new Desk().press('5')
    expect(text).toContain('Znodes 1,234   ephemeral 3   Sessions 4   Watches 17   Changes seen 9')
    expect(text).toContain('3.8.4, standalone   /brokers 40')
    expect(text).toMatch(/> \d\d:\d\d:\d\d +changed +\/brokers\/topics\/orders/)
  })

  it('need a place to be looked for', () => {
    const of = (znodes: null | undefined) =>
      new Desk({ view: viewOf(undefined, look(0, { znodes, brokers: [broker(0)] })) }).press('5').text
    expect(of(undefined)).toContain('--zookeeper')
    expect(of(null)).toContain('does not answer')
  })
})

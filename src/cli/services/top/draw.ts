import { clockText } from '../../output/clock-text.ts'
import { sparkline } from '../../output/sparkline.ts'
import type { Styles } from '../../output/styles.ts'
import { plural, printable } from '../../output/text.ts'
import { visibleWidth } from '../../output/text-width.ts'
import { clip } from '../../screen/fit.ts'
import { detailOf } from './detail.ts'
import { HELP } from './help.ts'
import { type LayoutOptions, layOut } from './layout.ts'
import { isDescending, shownRows } from './list.ts'
import { bytesText, countText, rateText } from './numbers.ts'
import type { Shown, TopState } from './state.ts'
import { TABLES, TABS, type TopTable, tableOf } from './tables.ts'
import type { Trends } from './trends.ts'
import type { Rate, TopView } from './view.ts'

export interface TopStyles extends Styles {
  inverse(text: string): string
}

export interface Frame {
  readonly target: string
  /** Undefined until the first look. */
  readonly view: TopView | undefined
  readonly trends: Trends
  readonly state: TopState
  /** When the last look found nobody; undefined when it found somebody. */
  readonly silentSinceMs: number | undefined
  readonly rows: number
  readonly columns: number
  readonly styles: TopStyles
}

export interface Drawn extends Shown {
  readonly lines: readonly string[]
}

const GUTTER = 2
const FOOTER_ROWS = 1

/** A screen full: what it shows, and what keys refer to. */
export function drawTop(frame: Frame): Drawn {
  const { state, view, rows, styles } = frame
  const head = [...headLines(frame), tabLine(frame)]
  const room = Math.max(1, rows - head.length - FOOTER_ROWS)
  const body = bodyOf(frame, room)
  const filler = Array<string>(Math.max(0, room - body.lines.length)).fill('')
  const footer = footerLine(state, view, styles)
  const lines = [...head, ...body.lines.slice(0, room), ...filler, footer]
  return { ...body, lines: lines.slice(0, rows) }
}

function bodyOf(frame: Frame, room: number): Drawn {
  const { state, view, styles } = frame
  if (state.isHelp)
    return scrolledLines(
      HELP.map((line) => (line.startsWith(' ') ? line : styles.bold(line))),
      state,
      room,
    )
  if (view === undefined) return { lines: [], keys: [], pageRows: room, maxScrolled: 0 }
  if (state.detail !== undefined) return scrolledLines(detailLines(frame, view), state, room)
  const facts = state.tab === 'znodes' ? znodeLines(view, styles) : []
  const list = listLines(frame, view, Math.max(1, room - facts.length))
  return { ...list, lines: [...facts, ...list.lines] }
}

function scrolledLines(lines: readonly string[], { scrolled }: TopState, room: number): Drawn {
  const maxScrolled = Math.max(0, lines.length - room)
  const from = Math.min(scrolled, maxScrolled)
  return { lines: lines.slice(from, from + room), keys: [], pageRows: room, maxScrolled }
}

function headLines({ target, view, state, silentSinceMs, trends, columns, styles }: Frame): string[] {
  const { bold, dim, bad } = styles
  const cluster = view?.clusterId ? `  cluster ${view.clusterId}` : ''
  const every = state.isPaused ? bad('paused') : `every ${state.intervalMs / 1000} s`
  const right = view === undefined ? every : `${clockText(view.timeMs)}  ${every}`
  const left = `${bold('kcli top')}  ${printable(target)}${dim(cluster)}`
  const gap = columns - visibleWidth(left) - visibleWidth(right)
  const first =
    gap < 2 ? `${bold('kcli top')}  ${right}  ${printable(target)}` : `${left}${' '.repeat(gap)}${right}`
  if (silentSinceMs !== undefined)
    return [
      first,
      bad(`No broker has answered since ${clockText(silentSinceMs)}; what was seen last:`),
      flowLine(view, trends, styles),
    ]
  if (view === undefined) return [first, 'Looking …', '']
  return [first, healthLine(view, styles), flowLine(view, trends, styles)]
}

const TROUBLE_TEXTS = {
  offline: 'offline',
  'silent leader': 'with a silent leader',
  'under-replicated': 'under-replicated',
} as const

function healthLine(
  { brokers, controller, topics, partitionCount, troubles }: TopView,
  { bold, good, bad }: Styles,
): string {
  const up = brokers.filter(({ state }) => state === 'up').length
  const upText = up === brokers.length ? good(`${up} up`) : bad(`${up} of ${brokers.length} up`)
  const boss = controller < 0 ? bad('no controller') : `controller ${controller}`
  const kinds = [...new Set(troubles.map(({ kind }) => kind))].map(
    (kind) => `${troubles.filter((each) => each.kind === kind).length} ${TROUBLE_TEXTS[kind]}`,
  )
  const health = kinds.length === 0 ? good('all well') : bad(kinds.join(', '))
  return `${bold('Brokers')} ${upText}, ${boss}   ${bold('Topics')} ${topics.length} with ${plural(partitionCount, 'partition')}, ${health}`
}

function flowLine(view: TopView | undefined, trends: Trends, { bold }: Styles): string {
  if (view === undefined) return ''
  const { inPerSecond, bytesPerSecond, outPerSecond, lag, groups } = view
  const parts = [
    `${bold('In')} ${perSecond(inPerSecond, rateText, ' records/s')}, ${perSecond(bytesPerSecond, bytesText, '/s')}`,
    `${bold('Out')} ${perSecond(outPerSecond, rateText, ' records/s')}`,
    `${bold('Lag')} ${countText(lag)} in ${plural(groups.length, 'group')}`,
    sparkline(trends.of('in').slice(-20)),
  ]
  return parts.join('   ')
}

function perSecond(rate: Rate, text: (rate: Rate) => string, unit: string): string {
  return rate === null ? '-' : `${text(rate)}${unit}`
}

function tabLine({ state, view, styles }: Frame): string {
  const tabs = TABS.map((tab, i) => {
    const name = ` ${i + 1} ${TABLES[tab].title} `
    const isAlarming = tab === 'partitions' && (view?.troubles.length ?? 0) > 0
    if (tab === state.tab) return styles.inverse(`[${name.trim()}]`)
    return isAlarming ? styles.bad(name) : name
  })
  const filter = state.filters[state.tab]
  const typed = state.typed === undefined ? '' : '▏'
  const shown = filter !== '' || typed !== '' ? `   ${styles.bold('/')}${printable(filter)}${typed}` : ''
  return `${tabs.join(' ')}${shown}`
}

function listLines(frame: Frame, view: TopView, room: number): Drawn {
  const { state, styles } = frame
  const table: TopTable<unknown> = tableOf(state.tab)
  const rows = shownRows(view, state)
  const keys = rows.map(table.key)
  const pageRows = Math.max(1, room - 1)
  if (rows.length === 0) {
    const filter = state.filters[state.tab]
    const why = filter === '' ? table.empty(view) : `Nothing matches '${printable(filter)}'.`
    return { lines: ['', `${' '.repeat(GUTTER)}${why}`], keys, pageRows, maxScrolled: 0 }
  }
  const selected = Math.max(0, keys.indexOf(state.selected[state.tab] ?? ''))
  const from = Math.max(0, Math.min(rows.length - pageRows, selected - Math.floor(pageRows / 2)))
  const {
    head,
    rows: texts,
    plainRows,
  } = layOut(table.columns, rows.slice(from, from + pageRows), {
    ...layoutOptions(frame),
    ...sortingOf(state),
  })
  const lines = texts.map((text, i) =>
    from + i === selected ? styles.inverse(`> ${plainRows[i]}`) : `${' '.repeat(GUTTER)}${text}`,
  )
  return { lines: [`${' '.repeat(GUTTER)}${head}`, ...lines], keys, pageRows, maxScrolled: 0 }
}

function layoutOptions({ columns, trends, styles }: Frame): LayoutOptions {
  return { columns: columns - GUTTER, trends, styles }
}

function sortingOf({ tab, sorting }: TopState): Pick<LayoutOptions, 'sorting'> {
  const { column: name, isReversed } = sorting[tab]
  const column = tableOf(tab).columns.find(({ header }) => header === name)
  if (column === undefined) return {}
  return { sorting: { column: name, isDescending: isDescending(column) !== isReversed } }
}

function detailLines(frame: Frame, view: TopView): string[] {
  const { state, styles } = frame
  const detail = state.detail && detailOf(view, state.detail)
  if (detail === undefined) return ['', `${' '.repeat(GUTTER)}It is no longer there. Esc leads back.`]
  const lines = [styles.bold(clip(printable(detail.title), frame.columns))]
  for (const { title, columns, rows, empty } of detail.sections) {
    lines.push('', `${styles.bold(title)} ${styles.dim(`(${rows.length})`)}`)
    if (rows.length === 0) lines.push(`${' '.repeat(GUTTER)}${empty}`)
    else {
      const { head, rows: texts } = layOut(columns, rows, layoutOptions(frame))
      lines.push(...[head, ...texts].map((line) => `${' '.repeat(GUTTER)}${line}`))
    }
  }
  return lines
}

function znodeLines({ znodes }: TopView, { bold, dim }: Styles): string[] {
  if (!znodes) return []
  const { version, mode, changeCount, below } = znodes
  const fact = (name: string, count: number | null) =>
    count === null ? [] : [`${bold(name)} ${countText(count)}`]
  const facts = [
    ...fact('Znodes', znodes.znodes),
    ...fact('ephemeral', znodes.ephemerals),
    ...fact('Sessions', znodes.sessions),
    ...fact('Connections', znodes.connections),
    ...fact('Watches', znodes.watches),
    ...fact('Changes seen', changeCount),
  ]
  const tree = below
    .filter(({ count }) => count > 0)
    .map(({ path, count }) => `${printable(path)} ${countText(count)}`)
  const what = [version, mode].filter((each) => each !== null).join(', ')
  return [facts.join('   '), dim([what, ...tree].filter((each) => each !== '').join('   ')), '']
}

function footerLine(state: TopState, view: TopView | undefined, { dim, bad }: Styles): string {
  if (state.typed !== undefined) return dim('Type what to look for   Enter keeps it   Esc takes it away')
  const [problem] = view?.problems ?? []
  if (problem !== undefined && !state.isHelp && state.detail === undefined) return bad(printable(problem))
  if (state.isHelp) return dim('Esc back   ↑ ↓ scroll   q quit')
  if (state.detail !== undefined) return dim('q quit   ? help   Esc back   ↑ ↓ scroll   p pause')
  const enter = state.tab === 'znodes' ? '' : 'Enter detail   '
  // What does not fit is in the help.
  return dim(`q quit   ? help   Tab next   ↑ ↓ select   ${enter}/ filter   ← → sort   r reverse   p pause`)
}

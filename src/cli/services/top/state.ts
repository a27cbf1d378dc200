import type { Key } from '../../screen/keys.ts'
import { TABS, type Tab, tableOf } from './tables.ts'

export interface Sorting {
  /** '' keeps the order in which things come. */
  readonly column: string
  readonly isReversed: boolean
}

/** What somebody at the keyboard has chosen. */
export interface TopState {
  readonly tab: Tab
  readonly sorting: Readonly<Record<Tab, Sorting>>
  readonly filters: Readonly<Record<Tab, string>>
  /** The key of a row, from which the list is scrolled; the first row until one is chosen. */
  readonly selected: Readonly<Partial<Record<Tab, string>>>
  /** The thing that is looked at closely. */
  readonly detail: { readonly tab: Tab; readonly key: string } | undefined
  /** Lines of help or of the detail that are scrolled past. */
  readonly scrolled: number
  /** While a filter is being typed. */
  readonly typed: string | undefined
  readonly isPaused: boolean
  readonly isHelp: boolean
  readonly intervalMs: number
  readonly hasQuit: boolean
}

/** What is on the screen when a key comes. */
export interface Shown {
  /** Of the rows that match the filter, in their order. */
  readonly keys: readonly string[]
  readonly pageRows: number
  /** How far help or a detail can be scrolled. */
  readonly maxScrolled: number
}

const INTERVALS_MS = [250, 500, 1_000, 2_000, 5_000, 10_000, 30_000, 60_000]

export function initialState(tab: Tab, intervalMs: number): TopState {
  const each = <T>(value: (tab: Tab) => T) =>
    Object.fromEntries(TABS.map((name) => [name, value(name)])) as Record<Tab, T>
  return {
    tab,
    sorting: each((name) => ({ column: tableOf(name).sortedBy, isReversed: false })),
    filters: each(() => ''),
    selected: {},
    detail: undefined,
    scrolled: 0,
    typed: undefined,
    isPaused: false,
    isHelp: false,
    intervalMs,
    hasQuit: false,
  }
}

/** The state after a key. */
export function afterKey(state: TopState, key: Key, shown: Shown): TopState {
  if (state.typed !== undefined) return afterFilterKey(state, key, state.typed)
  const tab = TABS[Number(key) - 1]
  if (tab !== undefined && !state.isHelp) return { ...state, tab, detail: undefined, scrolled: 0 }
  const action = KEYS[key]
  return action === undefined ? state : action(state, shown)
}

function afterFilterKey(state: TopState, key: Key, typed: string): TopState {
  const filtered = (text: string) => ({ ...state.filters, [state.tab]: text })
  if (key === 'return') return { ...state, typed: undefined }
  if (key === 'escape') return { ...state, typed: undefined, filters: filtered('') }
  const next =
    key === 'backspace'
      ? [...typed].slice(0, -1).join('')
      : key === 'ctrl-u'
        ? ''
        : [...key].length === 1
          ? typed + key
          : typed
  return { ...state, typed: next, filters: filtered(next) }
}

type Action = (state: TopState, shown: Shown) => TopState

const quit: Action = (state) => ({ ...state, hasQuit: true })
const help: Action = (state) => ({ ...state, isHelp: !state.isHelp, scrolled: 0 })
const pause: Action = (state) => ({ ...state, isPaused: !state.isPaused })

/** One step back: out of help, of a detail, of a filter. */
const back: Action = (state) => {
  if (state.isHelp) return { ...state, isHelp: false, scrolled: 0 }
  if (state.detail !== undefined) return { ...state, detail: undefined, scrolled: 0 }
  return { ...state, filters: { ...state.filters, [state.tab]: '' } }
}

const turn =
  (step: number): Action =>
  (state) => {
    const next = TABS[(TABS.indexOf(state.tab) + step + TABS.length) % TABS.length] ?? state.tab
    return { ...state, tab: next, detail: undefined, isHelp: false, scrolled: 0 }
  }

const move =
  (rows: (shown: Shown) => number): Action =>
  (state, shown) => {
    const step = rows(shown)
    if (state.isHelp || state.detail !== undefined)
      return { ...state, scrolled: Math.max(0, Math.min(shown.maxScrolled, state.scrolled + step)) }
    const at = Math.max(0, shown.keys.indexOf(state.selected[state.tab] ?? ''))
    const key = shown.keys[Math.max(0, Math.min(shown.keys.length - 1, at + step))]
    return key === undefined ? state : { ...state, selected: { ...state.selected, [state.tab]: key } }
  }

const openDetail: Action = (state, { keys }) => {
  if (state.isHelp || state.detail !== undefined || state.tab === 'znodes') return state
  const selected = state.selected[state.tab]
  const key = selected !== undefined && keys.includes(selected) ? selected : keys[0]
  return key === undefined ? state : { ...state, detail: { tab: state.tab, key }, scrolled: 0 }
}

const sortBy =
  (step: number): Action =>
  (state) => {
    if (state.isHelp || state.detail !== undefined) return state
    const columns = tableOf(state.tab).columns.flatMap(({ header, value }) =>
      value === undefined ? [] : [header],
    )
    const at = columns.indexOf(state.sorting[state.tab].column)
    const column =
      columns[at === -1 ? (step > 0 ? 0 : columns.length - 1) : (at + step + columns.length) % columns.length]
    return {
      ...state,
      sorting: { ...state.sorting, [state.tab]: { column: column ?? '', isReversed: false } },
    }
  }

const reverse: Action = (state) => {
  const { column, isReversed } = state.sorting[state.tab]
  return { ...state, sorting: { ...state.sorting, [state.tab]: { column, isReversed: !isReversed } } }
}

const filter: Action = (state) =>
  state.isHelp || state.detail !== undefined ? state : { ...state, typed: state.filters[state.tab] }

/** Shorter or longer: to the next of the usual times. */
const interval =
  (step: 1 | -1): Action =>
  (state) => {
    const { intervalMs } = state
    const next =
      step > 0
        ? INTERVALS_MS.find((each) => each > intervalMs)
        : INTERVALS_MS.findLast((each) => each < intervalMs)
    return { ...state, intervalMs: next ?? intervalMs }
  }

const KEYS: Readonly<Record<Key, Action>> = {
  q: quit,
  Q: quit,
  '?': help,
  h: help,
  p: pause,
  ' ': pause,
  escape: back,
  backspace: back,
  tab: turn(1),
  'shift-tab': turn(-1),
  up: move(() => -1),
  k: move(() => -1),
  down: move(() => 1),
  j: move(() => 1),
  pageup: move(({ pageRows }) => -pageRows),
  pagedown: move(({ pageRows }) => pageRows),
  home: move(() => -1e9),
  g: move(() => -1e9),
  end: move(() => 1e9),
  G: move(() => 1e9),
  return: openDetail,
  left: sortBy(-1),
  '<': sortBy(-1),
  right: sortBy(1),
  '>': sortBy(1),
  s: sortBy(1),
  r: reverse,
  '/': filter,
  '+': interval(1),
  '=': interval(1),
  '-': interval(-1),
}

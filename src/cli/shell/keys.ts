/** A key as Node's readline names it. */
export interface Key {
  readonly name?: string
  readonly ctrl?: boolean
  readonly meta?: boolean
  readonly shift?: boolean
  readonly sequence?: string
}

/** What a key can do. */
export type KeyAction =
  | 'left'
  | 'right'
  | 'wordLeft'
  | 'wordRight'
  | 'lineStart'
  | 'lineEnd'
  | 'backspace'
  | 'delete'
  | 'killToEnd'
  | 'killToStart'
  | 'killWordLeft'
  | 'killWordRight'
  | 'yank'
  | 'transpose'
  | 'enter'
  | 'newline'
  | 'interrupt'
  | 'endOrDelete'
  | 'endOfData'
  | 'clearScreen'
  | 'older'
  | 'newer'
  | 'search'
  | 'complete'

/** Emacs' keys, as in every shell. */
export function actionOf(key: Key): KeyAction | undefined {
  const table = key.ctrl === true ? CTRL : key.meta === true ? META : PLAIN
  return table[key.name ?? '']
}

/** Such a key goes on with the step through history that the one before began. */
export function isHistoryKey({ name = '' }: Key): boolean {
  return HISTORY_KEYS.has(name)
}

const PLAIN: Readonly<Record<string, KeyAction>> = {
  left: 'left',
  right: 'right',
  home: 'lineStart',
  end: 'lineEnd',
  backspace: 'backspace',
  delete: 'delete',
  return: 'enter',
  enter: 'enter',
  up: 'older',
  down: 'newer',
  tab: 'complete',
}

const CTRL: Readonly<Record<string, KeyAction>> = {
  a: 'lineStart',
  e: 'lineEnd',
  b: 'left',
  f: 'right',
  h: 'backspace',
  d: 'endOrDelete',
  // Ctrl-D that was typed before the terminal was in raw mode comes as a zero byte.
  '`': 'endOfData',
  k: 'killToEnd',
  u: 'killToStart',
  w: 'killWordLeft',
  y: 'yank',
  t: 'transpose',
  l: 'clearScreen',
  c: 'interrupt',
  p: 'older',
  n: 'newer',
  r: 'search',
  j: 'enter',
  left: 'wordLeft',
  right: 'wordRight',
}

const META: Readonly<Record<string, KeyAction>> = {
  b: 'wordLeft',
  f: 'wordRight',
  d: 'killWordRight',
  backspace: 'killWordLeft',
  left: 'wordLeft',
  right: 'wordRight',
  return: 'newline',
  enter: 'newline',
}

const HISTORY_KEYS = new Set(['up', 'down', 'p', 'n'])

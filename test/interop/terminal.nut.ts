/** The shell on a real terminal: tmux types and says what is on the screen. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { runner } from '../support/cli.ts'
import { describeInterop } from './support/suite.ts'

describeInterop('the shell on a terminal', ['tmux'], () => {
  let folder: string
  let session = 0

  beforeAll(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'kcli-'))
  })
  afterEach(() => void tmux('kill-session', '-t', name()))
  afterAll(() => {
    tmux('kill-server')
    rmSync(folder, { recursive: true, force: true })
  })

  /** A server of its own, so that nobody's sessions are touched. */
  const tmux = (...args: string[]) => {
    const socket = path.join(folder, 'tmux')
    return spawnSync('tmux', ['-S', socket, '-f', '/dev/null', ...args], { encoding: 'utf8' }).stdout
  }
  const name = () => `kcli-${session}`
  const screen = () => tmux('capture-pane', '-p', '-t', name()).trimEnd()
  const type = (...keys: string[]) => {
    for (const key of keys) {
      const isKey = /^(C-.|Enter|Tab|Left|Right|Up|Down)$/.test(key)
      tmux('send-keys', ...(isKey ? [] : ['-l']), '-t', name(), key)
    }
  }
  const shows = (text: string | RegExp) =>
    expect.poll(screen, { timeout: 15_000, interval: 50 }).toMatch(text)

  const start = async (env: Record<string, string> = {}, columns = 80) => {
    const dataDir = path.join(folder, `data-${++session}`)
    const all = { HOME: folder, XDG_STATE_HOME: path.join(folder, 'state'), KCLI_DATA_DIR: dataDir, ...env }
    const words = Object.entries(all).map(([name, value]) => `${name}='${value}'`)
    const command = `env -u CI ${words.join(' ')} '${process.execPath}' '${runner}'`
    tmux('new-session', '-d', '-s', name(), '-x', `${columns}`, '-y', '24', command)
    await shows(/\/ >/)
  }

  it('completes words, lists what there is, and takes the history back', async () => {
    await start()
    type('topi', 'Tab', 'cr', 'Tab', 'orders', 'Enter')
    await shows(/> topics create orders\nCreated topic orders\./)
    type('topics describe or', 'Tab')
    await shows(/> topics describe orders$/m)
    type('C-u', 'topics ', 'Tab')
    await shows(/alter +Add partitions, change settings\n/)
    type('C-u', 'C-r', 'create')
    await shows(/\(search\) 'create': topics create orders/)
    type('Enter')
    await shows(/topic 'orders' already exists|Topic 'orders' already exists/i)
    await shows(/\/ !/)
  })

  it('gives a command what is typed, and Ctrl-C ends the command, not the shell', async () => {
    await start()
    type('topics create t', 'Enter')
    await shows('Created topic t.')
    type('produce t', 'Enter', 'first', 'Enter', 'second', 'Enter', 'C-d')
    await shows('Produced 2 records to t')
    type('consume t --follow', 'Enter')
    await shows(/--follow\nfirst\nsecond/)
    type('C-c')
    await shows(/second\n(\^C)?.*\/ >/s)
    type('topics list | tr a-z A-Z', 'Enter')
    await shows(/^T +1 /m)
    type('unfinished', 'C-c')
    await shows(/unfinished\^C/)
    type('C-d')
    await expect.poll(() => tmux('list-sessions'), { timeout: 15_000 }).not.toContain(name())
  })

  it('asks for more lines where a command is not whole', async () => {
    await start()
    type('topics create t', 'Enter')
    await shows('Created topic t.')
    type('produce t <<END', 'Enter')
    await shows(/^…/m)
    type('a', 'Enter', 'END', 'Enter')
    await shows('Produced 1 record to t')
  })

  it('draws a long line anew when the window changes', async () => {
    await start({}, 60)
    type('topics create a-name-that-is-long another-name-that-is-long')
    await shows(/another-na/)
    tmux('resize-window', '-t', name(), '-x', '30', '-y', '24')
    type('Left', 'Left', 'X')
    await expect.poll(() => screen().replaceAll('\n', ''), { timeout: 15_000 }).toContain('is-loXng')
  })

  it('knows the lines of the last session, and shows one as a hint', async () => {
    await start()
    type('topics create remembered', 'Enter')
    await shows('Created topic remembered.')
    type('C-d')
    await expect.poll(() => tmux('list-sessions'), { timeout: 15_000 }).not.toContain(name())
    await start()
    type('topics create rem')
    await shows(/> topics create remembered/)
    type('Right', 'Enter')
    await shows('Created topic remembered.')
  })
})

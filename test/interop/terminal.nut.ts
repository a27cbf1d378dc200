/** The shell on a real terminal: tmux types and says what is on the screen. */
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { describeInterop } from './support/suite.ts'
import { type TerminalOptions, Tmux, type TmuxTerminal } from './support/tmux.ts'

describeInterop('the shell on a terminal', ['tmux'], () => {
  let tmux: Tmux
  let terminal: TmuxTerminal

  beforeAll(() => {
    tmux = new Tmux()
  })
  afterEach(() => terminal.kill())
  afterAll(() => tmux.close())

  const type = (...keys: string[]) => terminal.type(...keys)
  const shows = (text: string | RegExp) => terminal.shows(text)
  const start = async (options?: TerminalOptions) => {
    terminal = tmux.kcli([], options)
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
    await terminal.ends()
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
    await start({ columns: 60 })
    type('topics create a-name-that-is-long another-name-that-is-long')
    await shows(/another-na/)
    terminal.resize(30, 24)
    type('Left', 'Left', 'X')
    await expect.poll(() => terminal.screen().replaceAll('\n', ''), { timeout: 15_000 }).toContain('is-loXng')
  })

  it('knows the lines of the last session, and shows one as a hint', async () => {
    await start()
    type('topics create remembered', 'Enter')
    await shows('Created topic remembered.')
    type('C-d')
    await terminal.ends()
    await start()
    type('topics create rem')
    await shows(/> topics create remembered/)
    type('Right', 'Enter')
    await shows('Created topic remembered.')
  })
})

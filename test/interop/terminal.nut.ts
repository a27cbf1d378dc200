/** The shell on a real terminal: tmux types and says what is on the screen. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { createKcliHome, startKcliServer } from './support/kcli.ts'
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
  const leave = async () => {
    type('C-d')
    await terminal.ends()
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
    type('pwd; repeat 100000000 pwd > /dev/null', 'Enter')
    await shows(/dev\/null\n\/$/)
    type('C-c')
    await shows(/dev\/null\n\/\n(\^C)?.*\/ >$/)
    type('watch 100ms pwd', 'Enter')
    await shows(/Every 0.1 s: pwd\n\n\//)
    type('C-c')
    await shows(/Every 0.1 s[\s\S]*\/ >$/)
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

  it('knows the lines and settings of the last session with this target, and shows a line as a hint', async () => {
    const env = { KCLI_DATA_DIR: path.join(tmux.home, 'data-lasting') }
    await start({ env })
    type('topics create remembered', 'Enter')
    await shows(/Created topic remembered\.\n\d+\.\d{3} s/)
    type('set timing off', 'Enter', ' pwd # not kept', 'Enter', 'set output name', 'Enter')
    await shows(/# not kept\n\/\n.*set output name\n/s)
    await leave()
    await start({ env })
    type('topics cr')
    await shows(/> topics create remembered/)
    type('Right', 'C-u', 'topics list', 'Enter')
    await shows(/topics list\nremembered\n[^\n]*\/ >$/)
    type('history', 'Enter')
    await shows(
      /1 {2}topics create remembered\n2 {2}set timing off\n3 {2}set output name\n4 {2}topics list\n/,
    )
    type('!4', 'Enter')
    await shows(/!4\ntopics list\nremembered\n/)
    await leave()
    await start()
    type('history', 'Enter')
    await shows(/1 {2}history\n/)
    type('set output table; set timing on', 'Enter')
    await shows(/timing on\n/)
  })

  it('begins with what .kclirc says, and goes on where that is wrong', async () => {
    const rc = path.join(tmux.home, 'rc')
    writeFileSync(rc, '# mine\nset color off\nset nosuch x\n')
    await start({ env: { KCLI_RC: rc } })
    await shows(/there is no setting 'nosuch'[\s\S]*that was in/)
    expect(terminal.screen({ colors: true })).toContain('\u001b[36m')
    type('set', 'Enter')
    await shows(/color +off/)
    await leave()
    await start()
    type('set', 'Enter')
    await shows(/color +on /)
  })

  it('lets a line be written in the editor', async () => {
    await start({ env: { EDITOR: 'sed -i s/one/two/' } })
    type('topics create one', 'Enter')
    await shows('Created topic one.')
    type('\\e', 'Enter')
    await shows(/topics create two\nCreated topic two\./)
  })

  it('shows what is taller than the screen page by page, and in a pipe as it is', async () => {
    await start({ rows: 10, columns: 90, env: { KCLI_PAGER: 'less' } })
    type('topics create a b c d e f; topics create g h i j k l', 'Enter')
    await shows('Created topic l.')
    type('topics list', 'Enter')
    await shows(/^TOPIC[\s\S]*\n:$/)
    type('q')
    await shows(/\/ >$/)
    type('topics list --no-pager -o name', 'Enter')
    await shows(/\nk\nl\n/)
    type('help topics create', 'Enter')
    await shows(/^Create topics[\s\S]*\n:$/)
    type('q')
    await shows(/\/ >$/)
    type('topics list | tail -n 30', 'Enter')
    await shows(/\nl [\s\S]*\d s\n.*\/ >$/)
    const env = { KCLI_DATA_DIR: path.join(tmux.home, 'data-pages'), KCLI_PAGER: 'less' }
    terminal.kill()
    terminal = tmux.kcli(['-c', 'topics create a b c d e f; topics create g h i j k l'], { env, rows: 10 })
    await terminal.ends()
    terminal = tmux.kcli(['topics', 'list'], { env, rows: 10 })
    await shows(/^TOPIC[\s\S]*\n:$/)
    type('q')
    await terminal.ends()
  })

  it('has a prompt that shows a protected profile in red, and colours nowhere where it is piped', async () => {
    const config = path.join(tmux.home, 'profiles.yml')
    const data = path.join(tmux.home, 'data-profile')
    writeFileSync(config, `profiles:\n  prod:\n    data-dir: ${data}\n    protected: true\n`)
    terminal = tmux.kcli(['-P', 'prod'], { env: { KCLI_CONFIG: config } })
    await shows(/^prod \/ >$/m)
    expect(terminal.screen({ colors: true })).toContain('\u001b[31mprod\u001b[39m')
    type('topics list | cat -v', 'Enter', 'pwd | cat -v', 'Enter')
    await shows(/pwd \| cat -v\n\/\n/)
    expect(terminal.screen()).not.toContain('^[[')
  })

  it('says that the target is lost, and when it is there again', async () => {
    const home = createKcliHome()
    const words = ['cluster', 'start', '--brokers', '1', '--listen']
    let server = await startKcliServer(home, [...words, '127.0.0.1:0'])
    try {
      const address = /127\.0\.0\.1:\d+/.exec(server.firstLine)?.[0] ?? ''
      terminal = tmux.kcli(['-b', address, '--timeout', '1000'])
      await shows(`${address} / >`)
      type('topics list', 'Enter')
      await shows(`${address}* / >`)
      await server.stop('SIGKILL')
      type('topics list', 'Enter')
      await shows(`${address} DISCONNECTED / !`)
      server = await startKcliServer(home, [...words, address])
      type('pwd # typed meanwhile')
      await shows(`${address}* / ! pwd # typed meanwhile`)
    } finally {
      await server.stop()
      home.remove()
    }
  })
})

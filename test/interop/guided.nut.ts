/** A person is asked for what a command line lacks: tmux types and says what is on the screen. */
import { writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest'
import { finished, runCli, runner, startCli } from '../support/cli.ts'
import { describeInterop } from './support/suite.ts'
import { Tmux, type TmuxTerminal } from './support/tmux.ts'

describeInterop('guided use', ['tmux'], () => {
  let tmux: Tmux
  let terminal: TmuxTerminal
  let dataDir: string

  beforeAll(async () => {
    tmux = new Tmux()
    dataDir = `${tmux.home}/data`
    await kcli('topics', 'create', 'payments', 'paychecks', '-p', '2')
  })
  afterEach(() => terminal.kill())
  afterAll(() => tmux.close())

  const kcli = (...args: string[]) => runCli(args, { env: { KCLI_DATA_DIR: dataDir } })
  const type = (...keys: string[]) => terminal.type(...keys)
  const shows = (text: string | RegExp) => terminal.shows(text)
  /** Types, and takes the first choice that is left; Enter comes when the list has followed, as with people. */
  const choose = async (question: string, text: string, first: RegExp) => {
    await shows(`? ${question}`)
    type(text)
    await shows(first)
    type('Enter')
  }
  /** The screen stays, with the exit code, until the terminal is ended. */
  const start = (line: string, env: Readonly<Record<string, string>> = { KCLI_DATA_DIR: dataDir }) => {
    const command = `sh -c '"${process.execPath}" "${runner}" ${line}; echo "exit $?"; sleep 60'`
    terminal = tmux.run(command, { env })
  }

  it('makes a topic of three answers, and shows the line that needs none', async () => {
    start('topics create')
    await shows('Name of the topic')
    type('not good', 'Enter')
    await shows('Topic name is invalid')
    type('C-u', 'payments', 'Enter')
    await shows(/'payments' already exists/)
    type('C-u', 'orders', 'Enter')
    await shows(/Partitions \(\d+\)/)
    type('3', 'Enter')
    await shows(/there are 3 brokers/)
    type('9', 'Enter')
    await shows('A number from 1 to 3')
    type('C-u', '2', 'Enter')
    await shows(/\$ kcli topics create orders -p 3 -r 2\nCreated topic orders\.\nexit 0/)
  })

  it('has topics to choose from, which typing filters, and asks before it deletes', async () => {
    start('topics delete')
    await shows(/paychecks +2 partitions/)
    await choose('Topic', 'payc', /❯ paychecks.*\n\n?↑/)
    await shows(
      /\$ kcli topics delete paychecks\npaychecks: 2 partitions × \d replicas?, 0 records, 0 B on disk\n/,
    )
    await shows('(y/N)')
    type('n', 'Enter')
    await shows(/nothing was changed\nexit 1/)
  })

  it.each(['C-c', 'Escape'])('%s gives up, and nothing is changed', async (key) => {
    start('topics delete')
    await shows(/payments +2 partitions/)
    type(key)
    await shows('exit 130')
    expect((await kcli('topics', 'list', 'pay.*', '-o', 'name')).stdout).toBe('paychecks\npayments\n')
  })

  it('shows settings with what they are now, and changes one', async () => {
    start('topics alter payments')
    await shows('there are 2 now')
    await choose('Change', 'setting', /❯ setting/)
    await shows('compression.type')
    await choose('Setting', 'max.message', /❯ max\.message\.bytes/)
    await shows(/max\.message\.bytes = \(1048588\)/)
    type('2000000', 'Enter')
    await shows(/--config max\.message\.bytes=2000000\nAltered topic payments\.\nexit 0/)
  })

  it('leads a group back: whose offsets, of what, and where to', async () => {
    await kcli('topics', 'create', 'read')
    await runCli(['produce', 'read'], { env: { KCLI_DATA_DIR: dataDir }, input: 'a\nb\n' })
    await kcli('consume', 'read', '--group', 'billing')
    start('groups reset-offsets')
    await choose('Group', 'bill', /❯ billing +Empty/)
    await choose('Topic, or one of its partitions', 'read:', /❯ read:0 +offset 2/)
    await choose('Go on from', 'offset', /❯ offset/)
    type('some', 'Enter')
    await shows("'some' is no offset")
    type('C-u', '1', 'Enter')
    await shows(/--topic read:0 --to=1\n.*\nbilling +read +0 +2 +1 +-1 +planned\n.*\nexit 0/)
  })

  it('has brokers to choose from: those that are up to kill, those that are killed to revive', async () => {
    const env = { KCLI_DATA_DIR: `${tmux.home}/served` }
    const server = startCli(['cluster', 'start', '--brokers', '2', '--listen', ':0'], { env })
    try {
      await new Promise((resolve) => server.stdout?.once('data', resolve))
      start('cluster revive', env)
      await shows(/kcli: no broker is killed\n.*\nexit 1/)
      terminal.kill()
      start('cluster kill', env)
      await shows(/❯ 0 +up\n {2}1 +up\n {2}controller/)
      await choose('Broker', '1', /❯ 1 +up\n\n?↑/)
      await shows(/kcli cluster kill 1\nKilled broker 1/)
      terminal.kill()
      start('cluster revive', env)
      await choose('Broker', '', /❯ 1 +killed\n\n?↑/)
      await shows(/kcli cluster revive 1\nStarted broker 1 again/)
    } finally {
      server.kill('SIGTERM')
      await finished(server)
    }
  })

  it('asks before a setting makes brokers delete records; --yes says it beforehand', async () => {
    start('topics alter payments --config retention.ms=60000')
    await shows(/topic payments: records older than 1 min are deleted\n.*Change that\?/)
    type('Enter')
    await shows(/nothing was changed\nexit 1/)
    terminal.kill()
    start('topics alter payments --config retention.ms=60000 -y')
    await shows(/Altered topic payments\.\nexit 0/)
    terminal.kill()
    start('topics alter payments --config retention.ms=120000')
    await shows(/Altered topic payments\.\nexit 0/)
  })

  it('wants the name of a protected profile, in place of a yes', async () => {
    const config = `${tmux.home}/profiles.yaml`
    writeFileSync(config, `profiles:\n  prod:\n    data-dir: ${dataDir}\n    protected: true\n`)
    await kcli('topics', 'create', 'precious')
    const command = `sh -c '"${process.execPath}" "${runner}" topics delete precious -P prod; echo "exit $?"; sleep 60'`
    terminal = tmux.run(command, { env: { KCLI_CONFIG: config } })
    await shows(/precious: 1 partition × 1 replica, 0 records.*Type prod to go on:/s)
    type('yes', 'Enter')
    await shows('That is not prod')
    expect((await kcli('topics', 'list', 'precious', '-o', 'name')).stdout).toBe('precious\n')
    type('C-u', 'prod', 'Enter')
    await shows(/Deleted topic precious\.\nexit 0/)
    terminal.kill()
    start('profile use', { KCLI_DATA_DIR: dataDir, KCLI_CONFIG: config })
    await shows(/❯ prod +\S+\n {2}none/)
    await choose('Profile', 'none', /❯ none/)
    await shows(/No profile is in use\.\nexit 0/)
  })

  it('asks nobody where CI is set', async () => {
    terminal = tmux.run(`CI=true sh -c '"${process.execPath}" "${runner}" topics delete; sleep 60'`)
    await shows(/kcli: no topic given\nName it as an argument or with --topic\./)
  })

  it('asks inside the shell as well; what is typed there is the answer and nothing else', async () => {
    terminal = tmux.kcli(['shell'], { env: { KCLI_DATA_DIR: dataDir } })
    await shows(/\/ >/)
    type('produce', 'Enter')
    await shows(/payments +2 partitions/)
    await choose('Topic', 'payme', /❯ payments/)
    await shows('$ kcli produce payments')
    type('hello', 'Enter', 'C-d')
    await shows(/Produced 1 record to payments.*\/ >$/s)
    type('consume', 'Enter')
    await shows(/paychecks +2 partitions/)
    type('C-c')
    await shows(/\/ >$/)
    type('topics list -o name', 'Enter')
    await shows(/-o name\norders\npaychecks\npayments\n/)
  })
})

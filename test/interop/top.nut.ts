/** `kcli top` on a real terminal, on a cluster of kcli and on Apache Kafka with its ZooKeeper. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runner } from '../support/cli.ts'
import { killWithUs } from './support/child.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { createKcliHome, type KcliCluster, type KcliHome, kcli, startKcliCluster } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'
import { Tmux } from './support/tmux.ts'

const THROWS = 'setTimeout(()=>{throw(new(Error)(4711))},1500)'
const REVERSE = '\u001b[7m'

async function told(home: KcliHome, args: readonly string[], input = ''): Promise<string> {
  const result = await kcli(home, args, { stdin: input })
  expect(result, args.join(' ')).toMatchObject({ code: 0 })
  return result.stdout
}

/** Two topics; a group that has read a part of one of them. */
async function fill(home: KcliHome, at: readonly string[], replicas: number): Promise<void> {
  const factor = ['--replication-factor', `${replicas}`]
  await told(home, ['topics', 'create', 'orders', '--partitions', '4', ...factor, ...at])
  await told(home, ['topics', 'create', 'quiet', '--partitions', '1', ...factor, ...at])
  const records = Array.from({ length: 100 }, (_, i) => `record ${i}`).join('\n')
  await told(home, ['produce', 'orders', '--partition', '2', ...at], records)
  await told(home, ['consume', 'orders', '--group', 'billing', '--max-messages', '60', ...at])
}

describeInterop('top on a terminal', ['tmux'], () => {
  let home: KcliHome
  let cluster: KcliCluster
  let tmux: Tmux
  const open = (more: Parameters<Tmux['run']>[1] & { args?: string[] } = {}) =>
    tmux.kcli(['top', '--interval', '300', ...(more.args ?? [])], {
      columns: 110,
      ...more,
      env: { KCLI_DATA_DIR: home.dataDir, ...more.env },
    })

  beforeAll(async () => {
    tmux = new Tmux()
    home = createKcliHome()
    cluster = await startKcliCluster(home, { brokers: 3 })
    await fill(home, [], 3)
  })
  afterAll(async () => {
    tmux?.close()
    await cluster?.stop()
    home?.remove()
  })

  it('shows each list, sorts and filters it, looks closer, and gives the screen back', async () => {
    const command = `sh -c 'echo before; ${process.execPath} ${runner} top --interval 300; echo code $?; stty -a; cat'`
    const terminal = tmux.run(command, { columns: 110, env: { KCLI_DATA_DIR: home.dataDir } })
    await terminal.shows(/Brokers 3 up, controller \d[\s\S]*> +0 +(up|controller) .*127\.0\.0\.1/)
    expect(terminal.screen()).not.toContain('before')
    terminal.type('Tab')
    await terminal.shows(
      /\[2 Topics\].*\n +TOPIC .*IN\/S↓[\s\S]*> __consumer_offsets[\s\S]*orders +4 +0 .* 100 /,
    )
    terminal.type('<', '<', 'r')
    await terminal.shows(/PARTS↑/)
    terminal.type('/', 'ord')
    await terminal.shows(/\/ord▏\n.*\n> orders .*\n\n/)
    terminal.type('Enter', 'Enter')
    await terminal.shows(/Topic orders\n\nPartitions \(4\)\n[\s\S]* 2 .* 100 +100 /)
    terminal.type('Escape')
    await terminal.shows(/> orders/)
    terminal.type('3', 'Enter')
    await terminal.shows(/Group billing {2}Empty, [\s\S]*Members \(0\)[\s\S]*orders-2 +60 +100 +40 /)
    terminal.type('5')
    await terminal.shows(
      /Znodes [\d,]+ +ephemeral 4 +Sessions \d[\s\S]*3\.8\.4-kcli, standalone.*\/brokers \d+/,
    )
    await told(home, ['topics', 'create', 'later'])
    await terminal.shows(/created +\/brokers\/topics\/later/)
    terminal.type('4')
    await terminal.shows(/All \d+ partitions have a leader and all their replicas\./)
    terminal.type('?')
    await terminal.shows(/Keys\n.*Shift-Tab/)
    terminal.type('q')
    await terminal.shows(/^before\ncode 0\n[\s\S]* icanon/)
    terminal.kill()
  })

  it('fits the window, also when that changes', async () => {
    const terminal = open({ args: ['--tab', 'topics'] })
    await terminal.shows(/TREND/)
    terminal.resize(50, 12)
    await terminal.shows(/^ {2}TOPIC +PARTS +LATE +IN\/S↓ +OUT\/S$/m)
    expect(terminal.screen().split('\n')).toHaveLength(12)
    terminal.resize(110, 24)
    await terminal.shows(/TREND/)
    terminal.type('q')
    await terminal.ends()
  })

  it('shows records as they come and are read', async () => {
    const terminal = open({ args: ['--tab', 'groups'] })
    await terminal.shows(/billing +Empty +0 +4 +0 +40 /)
    await told(home, ['produce', 'orders', '--partition', '1'], 'more\n'.repeat(500))
    await terminal.shows(/billing +Empty .* 540 +[▁▂▃▄▅▆▇]+█/)
    await told(home, ['consume', 'orders', '--group', 'billing'])
    await terminal.shows(/billing +Empty .* 0 +[▁▂▃▄▅▆▇█]*█▁/)
    terminal.type('p')
    await terminal.shows(/paused$/m)
    terminal.kill()
  })

  it('shows colours only where they are wanted', async () => {
    const plain = open({ env: { NO_COLOR: '1' } })
    await plain.shows(/> +0 /)
    expect(plain.screen({ colors: true })).not.toContain('\u001b')
    plain.kill()
    const coloured = open()
    await coloured.shows(/> +0 /)
    expect(coloured.screen({ colors: true })).toContain(REVERSE)
    coloured.kill()
  })

  it.each([
    ['Ctrl-C', 130, ''],
    ['SIGTERM', 143, 'timeout --foreground --preserve-status 2'],
    // Thrown out of nowhere.
    ['a mistake of ours', 1, `env NODE_OPTIONS="--import data:text/javascript,${THROWS}"`],
  ])('gives the screen back after %s', async (name, code, prefix) => {
    const script = `echo before; ${prefix} ${process.execPath} ${runner} top; echo code $?; stty -a; cat`
    const terminal = tmux.run(`sh -c '${script}'`, { rows: 50, env: { KCLI_DATA_DIR: home.dataDir } })
    await terminal.shows(/Brokers 3 up/)
    if (name === 'Ctrl-C') terminal.type('C-c')
    await terminal.shows(new RegExp(`^before\n[\\s\\S]*code ${code}\n[\\s\\S]* icanon`))
    if (code === 1) expect(terminal.screen()).toContain('Error: 4711')
    terminal.kill()
  })

  it('is a command of the shell, too', async () => {
    const terminal = tmux.kcli([], { env: { KCLI_DATA_DIR: home.dataDir } })
    await terminal.shows(/ >$/m)
    terminal.type('top --tab topics', 'Enter')
    await terminal.shows(/\[2 Topics\]/)
    terminal.type('q')
    await terminal.shows(/ >$/)
    terminal.type('topics list', 'Enter')
    await terminal.shows(/> topics list\nTOPIC/)
    terminal.kill()
  })

  it('is beside charts, where people look: leaders, lag, latencies', async () => {
    const env = { KCLI_DATA_DIR: home.dataDir }
    const node = `${process.execPath} ${runner}`
    const charts = tmux.run(
      `sh -c '${node} brokers list; ${node} groups lag billing --by group --chart; ${node} perf latency quiet --records 20; cat'`,
      { columns: 70, rows: 60, env },
    )
    await charts.shows(/leaders\n0 {2}█+/)
    await charts.shows(/Lag of billing\n *\d+ ┤[\s\S]*0 ┤.*\n +\d\d:\d\d:\d\d +\d\d:\d\d:\d\d/)
    await charts.shows(/latency from\n *\d+ (µs|ms) {2}█*/)
    charts.kill()
    expect(await told(home, ['brokers', 'list'])).not.toMatch(/leaders|█/)
    expect(await told(home, ['groups', 'lag', 'billing', '--by', 'group', '--chart'])).toMatch(
      /^GROUP +STATE.*\nbilling .*\n\nGROUP +TIME +LAG\n(billing +\S+Z +\d+\n){2,}$/,
    )
  })

  it('says that a broker is gone, what that means, and goes on', async () => {
    const terminal = open()
    await terminal.shows(/Brokers 3 up/)
    await told(home, ['cluster', 'kill', '2'])
    await terminal.shows(/Brokers 2 of 3 up, controller [01] .* under-replicated/)
    await terminal.shows(/^ +2 +gone /m)
    terminal.type('4')
    await terminal.shows(/orders-0 +under-replicated .*broker 2 is down/)
    await told(home, ['cluster', 'revive', '2'])
    await terminal.shows(/Brokers 3 up, [\s\S]*All \d+ partitions have a leader/)
    terminal.type('q')
    await terminal.ends()
  })
})

describeInterop('top on Apache Kafka', ['kafka'], () => {
  let home: KcliHome
  let kafka: KafkaCluster

  beforeAll(async () => {
    home = createKcliHome()
    kafka = await startKafka({ brokers: 1 })
    await fill(home, ['-b', kafka.bootstrap], 1)
  })
  afterAll(async () => {
    await kafka?.stop()
    home?.remove()
  })

  it('tells what its brokers and its ZooKeeper tell', async () => {
    const at = ['-b', kafka.bootstrap, '--zookeeper', kafka.zookeeper, '--interval', '300']
    const view = JSON.parse(await told(home, ['top', '--once', '-o', 'json', ...at]))
    expect(view).toMatchObject({
      controller: 0,
      recordsInPerSecond: 0,
      lag: 40,
      brokers: [
        { id: 0, state: 'up', isController: true, leaders: 8, replicas: 8, address: kafka.bootstrap },
      ],
      groups: [{ group: 'billing', state: 'Empty', lag: 40, members: [] }],
      partitions: [],
      znodes: { version: expect.stringMatching(/^3\.8/), mode: 'standalone', znodes: expect.any(Number) },
      problems: [],
    })
    const orders = view.topics.find(({ topic }: { topic: string }) => topic === 'orders')
    expect(orders).toMatchObject({ records: 100, underReplicatedPartitions: 0 })
    expect(orders.sizeBytes).toBeGreaterThan(100 * 'record 0'.length)
    const [dir] = view.brokers[0].logDirs
    expect(dir.totalBytes).toBeGreaterThan(dir.usableBytes)
  })

  it('measures what goes on between two looks', async () => {
    const at = ['-b', kafka.bootstrap]
    const args = ['top', '-n', '1000', '--interval', '300', '-o', 'ndjson', ...at]
    const child = spawn(process.execPath, [runner, ...args], { env: { ...process.env, ...home.env } })
    killWithUs(child)
    const total = { in: 0, out: 0, lag: -1, lookedMs: 0 }
    try {
      for await (const line of createInterface({ input: child.stdout })) {
        const look = JSON.parse(line)
        const seconds = (look.timestamp - total.lookedMs) / 1000
        if (total.lookedMs === 0) {
          // Whatever comes from now on lies between two looks.
          const records = Array.from({ length: 3_000 }, (_, i) => `record ${i}`).join('\n')
          await told(home, ['produce', 'orders', '--partition', '0', ...at], records)
          await told(home, ['consume', 'orders', '--group', 'billing', ...at])
        } else {
          total.in += look.recordsInPerSecond * seconds
          total.out += look.recordsOutPerSecond * seconds
        }
        total.lag = look.lag
        total.lookedMs = look.timestamp
        if (total.in > 2_990 && look.lag === 0) break
      }
    } finally {
      child.kill('SIGINT')
    }
    // Both times and rates are rounded.
    expect(total.in).toBeGreaterThan(2_900)
    expect(total.in).toBeLessThan(3_100)
    expect(total.out).toBeGreaterThan(2_900)
    expect(total.lag).toBe(0)
  })

  describe('in tables', () => {
    it('are lists under each other, or the one that is wanted', async () => {
      const at = ['top', '--once', '--interval', '200', '-b', kafka.bootstrap]
      const all = await told(home, at)
      expect(all).toMatch(
        /^\d\d:\d\d:\d\d\n\nBrokers\nID +STATE [\s\S]*\n\nTopics\n[\s\S]*\n\nGroups\n[\s\S]*\n\nPartitions\nAll 8 /,
      )
      expect(await told(home, [...at, '--tab', 'groups', '-o', 'csv'])).toMatch(
        /^GROUP,STATE,MEMBERS,PARTS,OUT\/S,LAG\nbilling,Empty,0,4,0,0\n$/,
      )
    })
  })
})

/**
 * `kcli kafka-consumer-groups` beside Kafka's own, on kcli's brokers and on Apache Kafka's: the same bytes on stdout and
 * stderr, the same exit code.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { systemRandom } from '../../src/base/random.ts'
import { kafkaConsumerGroups } from '../../src/cli/kafka-tools/consumer-groups/kafka-consumer-groups.ts'
import { Admin, Connection, Producer } from '../../src/client/index.ts'
import { encodeVersioned } from '../../src/protocol/index.ts'
import {
  consumerProtocolAssignment,
  consumerProtocolSubscription,
} from '../../src/protocol/internal/index.ts'
import { joinGroup } from '../../src/protocol/messages/11-join-group.ts'
import { syncGroup } from '../../src/protocol/messages/14-sync-group.ts'
import { type Printed, runDropIn } from './support/drop-ins.ts'
import { createKcliHome, kcli } from './support/kcli.ts'
import { type Pair, startPair, type Target } from './support/pair.ts'
import { describeInterop } from './support/suite.ts'

const LONG = 'a-topic-with-a-name-longer-than-others'
const TOPICS = { orders: 13, [LONG]: 3, x: 1 }
const TIMESTAMP = 1_700_000_000_000

/** Java's stack below an exception is not part of the comparison, nor is the time in front of a line of its log. */
function comparable({ out, err, code }: Printed, own: string): Printed {
  const lines = err.split('\n').filter((line) => !/^(\tat |\t\.\.\. |Caused by: | at \[Source)/.test(line))
  const text = (raw: string) =>
    raw
      .replaceAll(/^ at \[Source: .*\n/gm, '')
      .replaceAll(/\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\]/g, '[TIME]')
      .replaceAll(own, 'TOOL')
  return { out: text(out), err: text(lines.join('\n')), code }
}

const ours = (words: readonly string[]): Promise<Printed> => runDropIn(kafkaConsumerGroups, words)

describeInterop('kafka-consumer-groups', ['kafka', 'driver'], () => {
  let pair: Pair
  let dir: string
  const closers: (() => void)[] = []

  const clientOptions = ({ bootstrap }: Target) => ({
    bootstrap: bootstrap.split(',').map((address) => {
      const [host = '', port] = address.split(':')
      return { kind: 'tcp' as const, host, port: Number(port) }
    }),
    network: createNodeNetwork(systemClock),
    clock: systemClock,
    random: systemRandom,
  })

  /** A member that has joined; `assign` makes it the leader who gives everybody their part. */
  async function join(target: Target, admin: Admin, groupId: string, member: Member) {
    const [group] = await admin.describeConsumerGroups([groupId])
    if (group?.error) throw group.error
    const { host = '', port = 0 } = group?.coordinator ?? {}
    const { network } = clientOptions(target)
    const address = { kind: 'tcp' as const, host, port }
    const times = { connectTimeoutMs: 10_000, requestTimeoutMs: 600_000 }
    const connection = await Connection.open(network, address, {
      clock: systemClock,
      clientId: member.clientId ?? 'member',
      ...times,
    })
    closers.push(() => connection.close())
    const protocolType = member.protocolType ?? 'consumer'
    const metadata = encodeVersioned(consumerProtocolSubscription, 1, { topics: ['orders', LONG] })
    const send = (memberId: string) =>
      connection.send(joinGroup, {
        groupId,
        sessionTimeoutMs: 600_000,
        rebalanceTimeoutMs: 600_000,
        memberId,
        groupInstanceId: member.instance ?? null,
        protocolType,
        protocols: [{ name: 'range', metadata }],
      })
    // A static member keeps its name and waits at once; another is first told what it is called.
    const joining = member.instance === undefined ? send((await send('')).memberId) : send('')
    const sync = async (assignments: { memberId: string; assignment: Buffer }[]) => {
      const { memberId, generationId } = await joining
      const body = { groupId, generationId, memberId, groupInstanceId: member.instance ?? null }
      const request = { ...body, protocolType, protocolName: 'range', assignments }
      expect((await connection.send(syncGroup, request)).errorCode).toBe(0)
    }
    return { joining, sync }
  }
  interface Member {
    readonly instance?: string
    readonly clientId?: string
    readonly protocolType?: string
  }

  const assignment = (parts: Readonly<Record<string, number[]>>) =>
    encodeVersioned(consumerProtocolAssignment, 1, {
      assignedPartitions: Object.entries(parts).map(([topic, partitions]) => ({ topic, partitions })),
    })

  async function prepare(target: Target): Promise<void> {
    const admin = new Admin(clientOptions(target))
    closers.push(() => void admin.close())
    const created = await admin.createTopics(
      Object.entries(TOPICS).map(([name, numPartitions]) => ({ name, numPartitions, replicationFactor: 1 })),
    )
    expect(created.map(({ error }) => error)).toEqual([null, null, null])
    const producer = new Producer(clientOptions(target))
    await producer.prepare('orders')
    for (let i = 0; i < 130; i++)
      producer.append({
        topic: 'orders',
        partition: i % 13,
        value: Buffer.from('v'),
        timestampMs: TIMESTAMP + i,
      })
    await producer.flush()
    await producer.close()
    await admin.deleteRecords([{ topic: 'orders', partition: 3, beforeOffset: 4 }])
    const all = Object.entries(TOPICS).flatMap(([topic, count]) =>
      Array.from({ length: count }, (_, partition) => ({ topic, partition })),
    )
    const orders = all.filter(({ topic }) => topic === 'orders')
    const commit = async (groupId: string, partitions: typeof all) => {
      const offsets = partitions.map((at) => ({ ...at, offset: at.topic === 'orders' ? 5 : 0 }))
      const results = await admin.alterConsumerGroupOffsets(groupId, offsets)
      expect(results.map(({ error }) => error)).toEqual(offsets.map(() => null))
    }
    for (const name of ['empty', 'a-group-with-a-long-name', 'jjjj-1', 'kkkk-1', 'jjjj-2', 'kkkk-2'])
      await commit(name, all)
    for (const name of ['jjjj-gone', 'kkkk-gone']) await commit(name, orders)
    await commit('some', orders.slice(0, 2))
    await commit('stable', all)
    const members: Member[] = [
      {},
      { instance: 'an-instance-with-a-long-id' },
      { clientId: 'a-client-with-a-long-id' },
    ]
    // The first is alone, then all come at once.
    const first = await join(target, admin, 'stable', { clientId: 'idle', instance: 'first' })
    await first.sync([])
    const others = await Promise.all(members.map((member) => join(target, admin, 'stable', member)))
    const again = await join(target, admin, 'stable', { clientId: 'idle', instance: 'first' })
    const joined = await Promise.all([again, ...others].map(({ joining }) => joining))
    const leader = joined.findIndex(({ memberId, leader: id }) => memberId === id)
    const parts = [
      {},
      { orders: [0, 7, 12], [LONG]: [2] },
      { orders: [1, 2, 3, 4, 5, 6], [LONG]: [0, 1] },
      { orders: [8, 9, 10, 11] },
    ]
    const assignments = joined.map(({ memberId }, i) => ({
      memberId,
      assignment: assignment(parts[i] ?? {}),
    }))
    await Promise.all(
      [again, ...others].map(({ sync }, i) => sync(i === leader || leader < 0 ? assignments : [])),
    )
    await (await join(target, admin, 'connectors', { protocolType: 'connect' })).sync([])
    await (await join(target, admin, 'completing', {})).joining
    const waited = await join(target, admin, 'preparing', {})
    await waited.sync([])
    void (await join(target, admin, 'preparing', {})).joining.catch(() => undefined)
  }

  beforeAll(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-groups-'))
    pair = await startPair()
    await Promise.all([prepare(pair.kcli), prepare(pair.apache)])
  }, 120_000)
  afterAll(async () => {
    for (const close of closers) close()
    await pair?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  /** `TOOL` in the words is a group of each tool's own, for what changes it. */
  const compareOn = async (target: Target, args: readonly string[]) => {
    const words = (own: string) => [
      ...['--bootstrap-server', target.bootstrap],
      ...args.map((word) => word.replaceAll('TOOL', own)),
    ]
    const { stdout, stderr, code } = await pair.java.runTool('kafka-consumer-groups', words('jjjj'))
    const real = comparable({ out: stdout, err: stderr, code }, 'jjjj')
    const own = comparable(await ours(words('kkkk')), 'kkkk')
    if (process.env.KCLI_SHOW === '1') console.log(args.join(' '), JSON.stringify(real), JSON.stringify(own))
    // Groups in one bucket of a hash map come in the order in which brokers answered.
    const isOfAll = args.includes('--list') || args.includes('--all-groups')
    const pieces = (text: string) =>
      text
        .replaceAll(/TOOL|jjjj|kkkk/g, 'own')
        .split(/\n| {2,}/)
        .sort()
    const neutral = ({ out, err, code }: Printed) =>
      isOfAll ? { out: pieces(out), err: pieces(err), code } : { out, err, code }
    expect(neutral(own), `${args.join(' ')} on ${target.name}`).toEqual(neutral(real))
    return real
  }
  const compare = async (args: string | readonly string[]) => {
    const words = typeof args === 'string' ? args.split(' ').filter((word) => word !== '') : args
    const printed: Printed[] = []
    for (const target of [pair.kcli, pair.apache]) printed.push(await compareOn(target, words))
    return printed
  }

  it.each([
    ...['--list', '--list --state', '--list --type', '--list --state --type', '--list --state Empty,stable'],
    ...['--list --state=nonsense', '--list --type consumer', '--list --type classic', '--list --type share'],
    ...['--list --state unknown', '--list --type , --state ,', '--list --state dead --type Classic'],
  ])('%s', async (args) => {
    await compare(args)
  })

  const GROUPS = ['empty', 'a-group-with-a-long-name', 'stable', 'some', 'nobody', 'completing', 'preparing']
  it.each([
    ...GROUPS.map((group) => `--describe --group ${group}`),
    ...GROUPS.map((group) => `--describe --group ${group} --offsets --verbose`),
    ...GROUPS.map((group) => `--describe --group ${group} --members`),
    ...GROUPS.map((group) => `--describe --group ${group} --members --verbose`),
    ...GROUPS.map((group) => `--describe --group ${group} --state`),
    ...['--describe --group connectors', '--describe --group stable --group connectors --members'],
    ...['--describe --group stable --group empty --group nobody --group empty', '--describe --all-groups'],
    ...['--describe --all-groups --members --verbose', '--describe --all-groups --state --timeout 10000'],
  ])('%s', async (args) => {
    await compare(args)
  })

  it.each([
    ...[
      '--to-earliest',
      '--to-latest',
      '--to-current',
      '--to-offset 3',
      '--to-offset 1000000',
      '--to-offset -1',
    ],
    ...['--shift-by 2', '--shift-by -2', '--shift-by 100', '--shift-by -100', '--by-duration PT0S'],
    ...[
      '--by-duration P9999D',
      '--by-duration PT',
      '--by-duration 1h',
      '--to-datetime 2023-11-14T22:13:20.050',
    ],
    ...['--to-datetime 2023-11-14T22:13:20.050+01:00', '--to-datetime 2023-11-14T22:13:20.050Z'],
    ...[
      '--to-datetime 2023-11-14T22:13:20',
      '--to-datetime 2023-11-14',
      '--to-datetime 2999-01-01T00:00:00.000',
    ],
    ...[
      '--to-datetime 2023-02-30T00:00:00.000',
      '--to-datetime 2023-11-14T22:13:20.050-0130',
      '--to-offset abc',
    ],
    ...['--to-datetime 2023-11-14T25:13:20.050', '--shift-by 1.5', '', '--to-offset 1 --to-offset 2'],
  ])('--reset-offsets --dry-run %s', async (scenario) => {
    await compare(`--reset-offsets --group empty --all-topics --dry-run ${scenario}`)
    await compare(
      `--reset-offsets --group some --topic orders --topic ${LONG}:2 --dry-run --export ${scenario}`,
    )
  })

  it.each([
    ...['--group stable --all-topics --to-earliest', '--group nobody --topic orders:1,2 --to-latest'],
    ...['--all-groups --all-topics --to-latest', '--all-groups --topic orders:0 --to-current --export'],
    ...['--group nobody --all-topics --to-earliest', '--group nobody --topic orders:1,2 --shift-by 1'],
    ...['--group empty --to-earliest', '--group empty --topic nowhere --to-earliest'],
    ...['--group empty --topic orders:x --to-earliest', '--group empty --topic orders: --to-earliest'],
    ...['--group empty --topic a:0:1 --to-earliest', '--group empty --topic orders:0,, --to-earliest'],
    ...['--group empty --group some --topic orders --to-current', '--group connectors --topic x --to-latest'],
    ...[
      '--group empty --group some --topic orders --to-current --export',
      '--group nobody --topic x --to-current',
    ],
    ...[
      '--group completing --topic x --to-latest',
      '--group preparing --group some --topic x --to-latest --export',
    ],
  ])('--reset-offsets %s', async (args) => {
    await compare(`--reset-offsets ${args} --dry-run`)
    await compare(`--reset-offsets ${args}`)
  })

  it.each([
    ['of one group', 'orders,0,3\norders,1,300\nx,0,0\n', '--group empty'],
    ['of one group, for several', 'orders,0,3\n', '--group empty --group some'],
    ['of several groups', 'empty,orders,0,3\nsome,orders,1,4\n', '--group empty --group some'],
    ['of several groups, for one', 'empty,orders,0,3\nsome,orders,1,4\n', '--group empty'],
    ['of other groups', 'some,orders,1,4\n', '--group empty --group nobody'],
    ['with quotes', '"orders",0,3\n', '--group empty'],
    ['with a negative offset', 'orders,0,-3\n', '--group empty'],
    ['with words for numbers', 'orders,0,three\n', '--group empty'],
    ['without an offset', 'orders,1\n', '--group empty'],
    ['without anything', '', '--group empty'],
  ])('--reset-offsets --from-file %s', async (_, text, args) => {
    const file = path.join(dir, 'plan.csv')
    writeFileSync(file, text)
    await compare(`--reset-offsets ${args} --dry-run --from-file ${file}`)
    await compare(`--reset-offsets ${args} --dry-run --export --from-file ${file}`)
  })

  it('changes what it is told to change', async () => {
    const [done] = await compare('--reset-offsets --group TOOL-1 --topic orders --to-offset 7 --execute')
    expect(done?.out).toContain('orders')
    await compare('--describe --group TOOL-1')
    await compare('--reset-offsets --group TOOL-1 --all-topics --shift-by -1 --execute --export')
    await compare('--describe --group TOOL-1')
    await compare('--reset-offsets --group TOOL-new --topic orders:0,5 --to-latest --execute')
    await compare('--describe --group TOOL-new')
    await compare('--reset-offsets --group stable --topic orders --to-latest --execute')
    await compare('--delete-offsets --group TOOL-1 --topic orders:0,1 --topic x')
    await compare('--describe --group TOOL-1 --offsets')
    await compare('--delete-offsets --group TOOL-1 --topic nowhere')
    await compare('--delete-offsets --group TOOL-1 --topic nowhere --topic orders')
    await compare('--delete-offsets --group nobody --topic orders:0')
    await compare('--delete-offsets --group stable --topic orders:0,1 --topic x')
    await compare('--delete-offsets --group connectors --topic x')
    await compare('--delete --group TOOL-gone --group nobody --group stable')
    await compare('--delete --group TOOL-1')
    await compare('--delete --group TOOL-2')
    await compare('--describe --group TOOL-2')
  })

  it.each([
    ...[
      '--help',
      '--version',
      '--describe',
      '--delete',
      '--reset-offsets',
      '--delete-offsets',
      '--list --group g',
    ],
    ...[
      '--list --describe --group g',
      '--describe --group g --members --offsets',
      '--describe --all-groups --group g',
    ],
    ...[
      '--describe --group g --state stable',
      '--list --members',
      '--list --verbose --offsets',
      '--delete --state',
    ],
    ...['--delete --group g --topic t', '--delete-offsets --group g', '--delete-offsets --topic t'],
    ...[
      '--reset-offsets --execute --dry-run --group g',
      '--reset-offsets --group g --to-latest --to-earliest',
    ],
    ...[
      '--reset-offsets --group g --to-offset 1 --shift-by 1 --to-current',
      '--reset-offsets --topic t --to-latest',
    ],
    ...[
      '--reset-offsets --group g --from-file f --by-duration PT1S',
      '--nonsense',
      '--group',
      '--describe --topic t',
    ],
    ...[
      '--list --topic t',
      '--list --timeout abc',
      '--list --state a --state b',
      '--describe --group g --type',
    ],
    ...['--list --command-config /no/such/file', '--reset-offsets --group empty --from-file /no/such/file'],
    ...['--validate-regex .*', '--all-groups', '--bootstrap-server other:1 --list'],
    '--reset-offsets --group g --delete-offsets --topic t --to-latest --describe',
  ])('usage: %s', async (args) => {
    await compareOn(pair.kcli, args.split(' '))
  })

  it("kcli's own commands see the same in both", async () => {
    const home = createKcliHome()
    const show = async (target: Target, ...words: string[]) => {
      const all = [...words, '-b', target.bootstrap, '-o', 'json']
      const { stdout, stderr, code } = await kcli(home, all)
      expect(code, `${words.join(' ')} on ${target.name}: ${stderr}`).toBe(0)
      // Ids of members, who coordinates, and what the clock says differ by nature.
      return JSON.parse(stdout, (key, value) => {
        if (key === 'commits')
          return value.map(({ offset, lag }: Record<string, unknown>) => ({ offset, lag }))
        if (key === 'lagSeconds' && value !== null && value > 0) return 'AGE'
        return key === 'memberId' || key === 'coordinator' ? value !== null : value
      })
    }
    try {
      for (const words of [
        ['groups', 'list', '--state', 'stable,completingrebalance'],
        ['groups', 'describe', 'empty', 'some'],
        ['groups', 'describe', 'empty', '--at', '-1s'],
        ['groups', 'lag', 'empty', 'some', '--window', '1h'],
        ['groups', 'peek', 'some'],
        ['groups', 'reset-offsets', 'some', '--topic', 'orders:0-3', '--to', '+2'],
        ['topics', 'consumers', 'x'],
      ]) {
        const [own, real] = await Promise.all([show(pair.kcli, ...words), show(pair.apache, ...words)])
        expect(own, words.join(' ')).toEqual(real)
      }
      // Their files say it too, with no broker asked.
      for (const target of [pair.kcli, pair.apache]) {
        const dirs = target.ports.map((_, id) => target.logDir(id)).join(',')
        const live = await show(target, 'groups', 'describe', 'empty', 'some')
        const { stdout } = await kcli(home, [
          ...['groups', 'describe', 'empty', 'some', '--offline', '--data-dir', dirs, '-o', 'json'],
        ])
        const files = JSON.parse(stdout, (key, value) => (key === 'memberId' ? value !== null : value))
        expect(files).toEqual(live.map((group: object) => ({ ...group, coordinator: null })))
      }
      const [stable] = await show(pair.apache, 'groups', 'lag', 'stable')
      expect(stable).toMatchObject({ group: 'stable', state: 'Stable', members: 4, verdict: 'OK' })
    } finally {
      home.remove()
    }
  })

  it('needs to know where', async () => {
    for (const words of [[], ['--list'], ['--bootstrap-server', 'nowhere', '--list']]) {
      const { stdout, stderr, code } = await pair.java.runTool('kafka-consumer-groups', words)
      expect(comparable(await ours(words), '-')).toEqual(comparable({ out: stdout, err: stderr, code }, '-'))
    }
  })
})

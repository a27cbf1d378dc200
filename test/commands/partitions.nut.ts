import { readFileSync, writeFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliResult, runCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-partitions')
afterAll(() => directory.remove())
const kcli = (...args: string[]): Promise<CliResult> =>
  runCli(args, { env: { KCLI_DATA_DIR: `${directory.path}/data` } })
const json = async (...args: string[]) => JSON.parse((await kcli(...args, '-o', 'json')).stdout)
const file = (name: string) => `${directory.path}/${name}`

beforeAll(async () => {
  const placed = ['--replica-assignment', '0:1,1:2,2:0']
  expect(await kcli('topics', 'create', 'orders', ...placed)).toMatchObject({ code: 0 })
  const produced = await runCli(['produce', 'orders'], {
    env: { KCLI_DATA_DIR: `${directory.path}/data` },
    input: 'a\nb\nc\n',
  })
  expect(produced).toMatchObject({ code: 0 })
})

describe('kcli partitions list', () => {
  it('lists partitions, all or some', async () => {
    expect((await kcli('partitions', 'list', 'orders')).stdout).toBe(
      [
        'TOPIC   PARTITION  LEADER  REPLICAS  ISR  STATE',
        'orders  0          0       0,1       0,1  ok',
        'orders  1          1       1,2       1,2  ok',
        'orders  2          2       2,0       2,0  ok',
        '',
      ].join('\n'),
    )
    expect((await kcli('partitions', 'list', '--broker', '0', '-o', 'name')).stdout).toBe(
      'orders-0\norders-2\n',
    )
    expect((await kcli('partitions', 'list', '--leader', '1', '-o', 'name')).stdout).toBe('orders-1\n')
    expect(await kcli('partitions', 'list', '--under-replicated')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'No partition matches.\n',
    })
    expect(await json('partitions', 'list', '--under-min-isr', '--unavailable')).toEqual([])
    expect(await kcli('partitions', 'list', 'nowhere')).toMatchObject({ code: 1 })
  })
})

describe('kcli partitions reassign', () => {
  it('shows what it would do, and does it only when told to', async () => {
    const dry = await kcli('partitions', 'reassign', 'orders', '--replication-factor', '3')
    expect(dry.code).toBe(0)
    expect(dry.stderr).toBe('Nothing was changed. Add --execute to move them.\n')
    expect(dry.stdout.split('\n')[1]).toBe('orders  0          0,1   0,1,2  2       -')
    expect((await kcli('partitions', 'list', 'orders')).stdout).toContain('orders  0          0       0,1 ')

    const moved = await kcli(
      ...['partitions', 'reassign', 'orders', '--replication-factor', '3', '--execute', '--wait'],
      ...['--throttle', '10M', '--rollback', file('back.json')],
    )
    expect(moved).toMatchObject({
      code: 0,
      stdout:
        'Moved orders-0 from 0,1 to 0,1,2.\nMoved orders-1 from 1,2 to 1,2,0.\nMoved orders-2 from 2,0 to 2,0,1.\n',
      stderr: 'The throttle is taken away.\n',
    })
    expect(await json('partitions', 'list', 'orders')).toMatchObject([
      { replicas: [0, 1, 2] },
      { replicas: [1, 2, 0] },
      { replicas: [2, 0, 1] },
    ])
    const again = await kcli('partitions', 'reassign', 'orders', '--replication-factor', '3', '--execute')
    expect(again).toMatchObject({ code: 0, stdout: '', stderr: 'Everything is where it is to be.\n' })
  })

  it('goes back by the plan that it wrote, and writes plans', async () => {
    const back = ['partitions', 'reassign', '--plan', file('back.json'), '--execute', '--wait']
    expect(await kcli(...back)).toMatchObject({ code: 0 })
    expect((await kcli('partitions', 'list', 'orders', '-o', 'csv')).stdout).toContain('orders,0,0,"0,1"')
    const save = ['partitions', 'reassign', 'orders', '--brokers', '0', '--replication-factor', '1']
    expect(await kcli(...save, '--save', file('plan.json'))).toMatchObject({ code: 0 })
    expect(JSON.parse(readFileSync(file('plan.json'), 'utf8')).partitions).toMatchObject([
      { topic: 'orders', partition: 0, replicas: [0] },
      { topic: 'orders', partition: 1, replicas: [0] },
      { topic: 'orders', partition: 2, replicas: [0] },
    ])
    const twice = await kcli(...save, '--save', file('plan.json'))
    expect(twice).toMatchObject({ code: 1 })
    expect(twice.stderr).toContain('plan.json is there already')
    // Nothing was lost on the way there and back.
    const read = await kcli('consume', 'orders')
    expect(read.stdout.split('\n').filter(Boolean).sort()).toEqual(['a', 'b', 'c'])
  })

  it.each([
    [['orders', '--brokers', '0,9'], 1, 'there is no broker 9'],
    [['orders', '--brokers', 'x'], 2, "'x' is no broker id"],
    [['orders', '--replication-factor', '4'], 1, '4 replicas need as many brokers, and there are 3'],
    [['nowhere', '--replication-factor', '1'], 1, "topic 'nowhere' does not exist"],
    [[], 2, 'nothing to move'],
    [['--plan', '/no/such/file'], 1, '/no/such/file cannot be read: there is no such file'],
    [['orders', '--plan', 'x.json'], 2, 'a plan says all'],
    [['orders', '--throttle', '10M'], 2, '--execute'],
    [['orders', '--execute', '--throttle', 'fast'], 2, "'fast' is no rate"],
    [['--list', '--cancel'], 2, '--cancel'],
    [['--drain', '9'], 1, 'there is no broker 9'],
    [['--drain', '1', '--brokers', '0'], 2, '--drain'],
    [['orders', '--execute', '--log-dirs-throttle', 'fast'], 2, "'fast' is no rate"],
  ])('refuses %j', async (args, code, message) => {
    const result = await kcli('partitions', 'reassign', ...args)
    expect(result.stderr).toContain(message)
    expect(result).toMatchObject({ code, stdout: '' })
  })

  it('refuses plans that say nonsense', async () => {
    writeFileSync(
      file('bad.json'),
      '{"version":1,"partitions":[{"topic":"orders","partition":7,"replicas":[0]}]}',
    )
    expect((await kcli('partitions', 'reassign', '--plan', file('bad.json'))).stderr).toContain(
      "topic 'orders' has no partition 7",
    )
    writeFileSync(
      file('bad.json'),
      '{"version":1,"partitions":[{"topic":"orders","partition":0,"replicas":[9]}]}',
    )
    const refused = await kcli('partitions', 'reassign', '--plan', file('bad.json'), '--execute')
    expect(refused).toMatchObject({ code: 1, stdout: '' })
    expect(refused.stderr).toContain('Replica assignment has brokers that are not alive')
  })

  it('drains a broker: what is there goes elsewhere, and nothing else', async () => {
    const dry = await kcli('partitions', 'reassign', 'orders', '--drain', '2', '-o', 'json')
    const moves = JSON.parse(dry.stdout) as { partition: number; from: number[]; to: number[] }[]
    expect(moves.map(({ from }) => from.includes(2))).toEqual(moves.map(() => true))
    expect(dry.stderr).toBe('Nothing was changed. Add --execute to move them.\n')
    const back = ['--rollback', file('undrain.json')]
    expect(
      await kcli('partitions', 'reassign', '--drain', '2', '--execute', '--wait', ...back),
    ).toMatchObject({ code: 0 })
    expect((await kcli('partitions', 'list', '--broker', '2')).stderr).toBe('No partition matches.\n')
    expect(await kcli('partitions', 'reassign', '--drain', '2')).toMatchObject({
      code: 0,
      stderr: 'Everything is where it is to be.\n',
    })
    const few = await kcli('partitions', 'reassign', 'orders', '--drain', '1,2')
    expect(few).toMatchObject({ code: 1, stdout: '' })
    expect(few.stderr).toContain('--replication-factor 1')
    expect(
      await kcli('partitions', 'reassign', '--plan', file('undrain.json'), '--execute', '--wait'),
    ).toMatchObject({
      code: 0,
    })
    expect(await kcli('partitions', 'elect-leader', 'orders')).toMatchObject({ code: 0 })
    const read = await kcli('consume', 'orders')
    expect(read.stdout.split('\n').filter(Boolean).sort()).toEqual(['a', 'b', 'c'])
  })

  it('has nothing to list, cancel or wait for', async () => {
    expect(await json('partitions', 'reassign', '--list')).toEqual([])
    for (const flag of ['--cancel', '--wait']) {
      expect(await kcli('partitions', 'reassign', flag)).toMatchObject({
        code: 0,
        stderr: 'Nothing is being moved.\n',
      })
    }
  })
})

describe('kcli partitions elect-leader', () => {
  it('elects the first replica where another leads', async () => {
    const plan = { version: 1, partitions: [{ topic: 'orders', partition: 0, replicas: [1, 0] }] }
    writeFileSync(file('turned.json'), JSON.stringify(plan))
    const turned = ['partitions', 'reassign', '--plan', file('turned.json'), '--execute', '--wait']
    expect(await kcli(...turned)).toMatchObject({ code: 0 })
    expect((await kcli('partitions', 'list', '--not-preferred', '-o', 'name')).stdout).toBe('orders-0\n')
    expect(await json('partitions', 'elect-leader', 'orders', '--partition', '0')).toEqual([
      { topic: 'orders', partition: 0, status: 'elected' },
    ])
    expect(await kcli('partitions', 'elect-leader', '--all')).toMatchObject({
      code: 0,
      stdout: '',
      stderr: 'No partition needs an election.\n',
    })
    expect(await kcli('partitions', 'elect-leader', 'orders', '--partition', '0')).toMatchObject({
      code: 0,
      stdout: 'orders-0 needs no election.\n',
    })
  })

  it('takes the file of kafka-leader-election', async () => {
    writeFileSync(file('elect.json'), '{"partitions":[{"topic":"orders","partition":0}]}')
    expect(await kcli('partitions', 'elect-leader', '--plan', file('elect.json'))).toMatchObject({
      code: 0,
      stdout: 'orders-0 needs no election.\n',
    })
    expect(await kcli('partitions', 'elect-leader', 'orders', '--plan', file('elect.json'))).toMatchObject({
      code: 2,
    })
    writeFileSync(file('elect.json'), '{"partitions":[{"topic":"orders"}]}')
    const bad = await kcli('partitions', 'elect-leader', '--plan', file('elect.json'))
    expect(bad.stderr).toContain('names no topic and partition')
  })

  it('asks before an unclean election', async () => {
    const unasked = await kcli('partitions', 'elect-leader', 'orders', '--unclean')
    expect(unasked).toMatchObject({ code: 2, stdout: '' })
    expect(unasked.stderr).toContain('--yes')
    expect(await kcli('partitions', 'elect-leader', 'orders', '--unclean', '--yes')).toMatchObject({
      code: 0,
    })
    expect(await kcli('partitions', 'elect-leader')).toMatchObject({ code: 2 })
    expect(await kcli('partitions', 'elect-leader', 'orders', '--partition', '9')).toMatchObject({ code: 1 })
  })
})

describe('kcli brokers', () => {
  it('lists and describes them', async () => {
    const brokers = await json('brokers', 'list')
    expect(brokers).toHaveLength(3)
    expect(brokers.filter(({ isController }: { isController: boolean }) => isController)).toHaveLength(1)
    expect(brokers[1]).toMatchObject({ id: 1, rack: null, leaders: 2, replicas: 2, outOfSyncReplicas: 0 })
    const [described] = await json('brokers', 'describe', '1')
    expect(described.logDirs).toMatchObject([{ path: `${directory.path}/data/broker-1`, error: null }])
    expect(described.configs).toContainEqual(expect.objectContaining({ name: 'broker.id', value: '1' }))
    expect((await kcli('brokers', 'describe', '1')).stdout).toMatch(/^Broker: {6}1\n/)
    expect((await kcli('brokers', 'describe', '-o', 'name')).stdout).toBe('0\n1\n2\n')
    expect(await kcli('brokers', 'describe', '9')).toMatchObject({ code: 1 })
    expect(await kcli('brokers', 'describe', 'x')).toMatchObject({ code: 2 })
  })
})

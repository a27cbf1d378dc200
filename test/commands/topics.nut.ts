import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliResult, runCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-topics')
afterAll(() => directory.remove())
const kcli = (...args: string[]): Promise<CliResult> =>
  runCli(args, { env: { KCLI_DATA_DIR: `${directory.path}/data` } })

describe('kcli topics on a local data directory, each line a process of its own', () => {
  beforeAll(async () => {
    expect(
      await kcli('topics', 'create', '--topic', 'orders', '--partitions', '3', '--replication-factor', '3'),
    ).toEqual(expect.objectContaining({ code: 0, stdout: 'Created topic orders.\n', stderr: '' }))
  })

  it('lists and describes them', async () => {
    expect((await kcli('topics', 'list', '-o', 'name')).stdout).toBe('orders\n')
    expect(JSON.parse((await kcli('topics', 'list', '-o', 'json')).stdout)).toEqual([
      expect.objectContaining({
        name: 'orders',
        partitions: 3,
        replicationFactor: 3,
        underReplicatedPartitions: 0,
      }),
    ])
    const [described] = JSON.parse((await kcli('topic', 'describe', 'orders', '--json')).stdout) as [
      { partitions: { replicas: number[]; isr: number[] }[] },
    ]
    expect(described.partitions.map((partition) => [...partition.isr].sort())).toEqual([
      [0, 1, 2],
      [0, 1, 2],
      [0, 1, 2],
    ])
    const filtered = await kcli('topics', 'describe', '--under-replicated-partitions')
    expect(filtered).toMatchObject({ code: 0, stdout: '' })
  })

  it('refuses to create one twice, unless that is fine', async () => {
    const again = await kcli('topics', 'create', 'orders', 'payments')
    expect(again).toMatchObject({ code: 1, stdout: 'Created topic payments.\n' })
    expect(again.stderr).toContain("kcli: Topic 'orders' already exists")
    expect(await kcli('topics', 'create', 'orders', '--if-not-exists')).toMatchObject({
      code: 0,
      stdout: 'Topic orders exists already.\n',
    })
  })

  it('changes nothing with --dry-run', async () => {
    expect(await kcli('topics', 'create', 'dry', '--dry-run')).toMatchObject({ code: 0 })
    expect(await kcli('topics', 'create', 'dry', '--dry-run', '--config', 'no.such=1')).toMatchObject({
      code: 1,
    })
    expect(await kcli('topics', 'create', 'dry', '--dry-run', '--replication-factor', '9')).toMatchObject({
      code: 1,
    })
    expect((await kcli('topics', 'list', 'dry', '-o', 'name')).stdout).toBe('')
  })

  it('adds partitions but takes none away, and changes settings', async () => {
    const altered = await kcli(
      'topics',
      'alter',
      'orders',
      '--partitions',
      '4',
      '--config',
      'retention.ms=1000',
    )
    expect(altered).toMatchObject({ code: 0, stdout: 'Altered topic orders.\n' })
    const [described] = JSON.parse((await kcli('topics', 'describe', 'orders', '-o', 'json')).stdout)
    expect(described.partitions).toHaveLength(4)
    expect(described.configs).toEqual([
      { name: 'retention.ms', value: '1000', source: 'DYNAMIC_TOPIC_CONFIG' },
    ])
    const fewer = await kcli('topics', 'alter', 'orders', '--partitions', '2')
    expect(fewer).toMatchObject({ code: 1, stdout: '' })
    expect(fewer.stderr).toMatch(/kcli: topic 'orders': .*INVALID_PARTITIONS/)
  })

  it('shows offsets', async () => {
    await kcli('topics', 'create', 'counted', '--partitions', '2')
    await runCli(['produce', 'counted', '-p', '1'], {
      input: 'a\nb\nc\n',
      env: { KCLI_DATA_DIR: `${directory.path}/data` },
    })
    expect(JSON.parse((await kcli('topics', 'offsets', 'counted', '-o', 'json')).stdout)).toEqual([
      { topic: 'counted', partition: 0, earliest: 0, latest: 0 },
      { topic: 'counted', partition: 1, earliest: 0, latest: 3 },
    ])
    expect((await kcli('topics', 'offsets', 'counted', '--time', 'latest', '-o', 'name')).stdout).toBe(
      'counted:0:0\ncounted:1:3\n',
    )
  })

  it('deletes by name and by expression, asking nobody where nobody is', async () => {
    await kcli('topics', 'create', 'test-a', 'test-b', 'other')
    const refused = await kcli('topics', 'delete', '--regex', 'test-.*')
    expect(refused).toMatchObject({ code: 2, stdout: '' })
    expect(refused.stderr).toContain('--yes')
    expect((await kcli('topics', 'delete', '--regex', 'test-.*', '--yes')).stdout).toBe(
      'Deleted topic test-a.\nDeleted topic test-b.\n',
    )
    expect(await kcli('topics', 'delete', 'test-a')).toMatchObject({ code: 1, stdout: '' })
    expect(await kcli('topics', 'delete', 'test-a', '--if-exists')).toMatchObject({ code: 0 })
    expect((await kcli('topics', 'list', 'other', 'test-.*', '-o', 'name')).stdout).toBe('other\n')
  })

  it('says in one sentence what does not exist', async () => {
    expect(await kcli('topics', 'describe', 'missing')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: "kcli: topic 'missing' does not exist\nSee what there is with: kcli topics list\n",
    })
  })
})

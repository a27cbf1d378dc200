import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-import')
const dirs = (name: string) => path.join(directory.path, name)
const kcli = (args: string[], options: { input?: string; dataDir: string }) =>
  runCli(args, { ...options, env: { KCLI_DATA_DIR: options.dataDir } })

afterAll(() => directory.remove())

/** What kcli leaves is what Kafka leaves; on Kafka's own directories the interop tests run it. */
describe('kcli cluster import', () => {
  const left = dirs('left')
  const zookeeper = ['--zookeeper', path.join(left, 'zookeeper')]

  beforeAll(async () => {
    expect(await kcli(['topics', 'create', 'orders', '-r', '3'], { dataDir: left })).toMatchObject({
      code: 0,
    })
    expect(await kcli(['produce', 'orders'], { dataDir: left, input: 'one\ntwo\n' })).toMatchObject({
      code: 0,
    })
  })

  it('makes a data directory that can be used at once', async () => {
    const logDirs = [0, 1, 2].map((id) => path.join(left, `broker-${id}`))
    const dataDir = dirs('all')
    const imported = await kcli(['cluster', 'import', ...logDirs, ...zookeeper], { dataDir })
    expect(imported).toMatchObject({ code: 0, stderr: '' })
    expect(imported.stdout).toMatch(
      /^Imported brokers 0, 1, 2 of the cluster \S+ into \S+: 1 topic with 1 partition, \S+ KiB copied\.\nStart it with: kcli cluster start --data-dir \S+\n$/,
    )
    expect((await kcli(['consume', 'orders'], { dataDir })).stdout).toBe('one\ntwo\n')
    const status = await kcli(['cluster', 'status', '--znodes', '-o', 'json'], { dataDir })
    expect(JSON.parse(status.stdout).brokers).toHaveLength(3)
  })

  it('says what is missing, and works with what there is', async () => {
    const dataDir = dirs('one')
    const imported = await kcli(
      ['cluster', 'import', path.join(left, 'broker-2'), ...zookeeper, '--in-place', '-o', 'json'],
      { dataDir },
    )
    expect(imported).toMatchObject({
      code: 0,
      stderr:
        'warning: the replicas on brokers 0, 1 were not imported: their partitions are under-replicated\n',
    })
    expect(JSON.parse(imported.stdout)).toMatchObject({
      brokers: [{ id: 2, logDirs: [path.join(left, 'broker-2')] }],
      topics: 1,
    })
    // Without a broker too, though the folder is elsewhere.
    for (const flags of [[], ['--offline']])
      expect((await kcli(['consume', 'orders', ...flags], { dataDir })).stdout).toBe('one\ntwo\n')
    const segments = await kcli(['segments', 'list', '-o', 'name'], { dataDir })
    expect(segments.stdout).toContain(path.join(left, 'broker-2', 'orders-0'))
  })

  it('fails with a reason when the folders are no such folders', async () => {
    const dataDir = dirs('none')
    const noLogs = await kcli(['cluster', 'import', left, ...zookeeper], { dataDir })
    expect(noLogs).toMatchObject({ code: 1, stdout: '' })
    expect(noLogs.stderr).toContain(`${left} is no log directory of Apache Kafka`)
    expect(await kcli(['cluster', 'import', ...zookeeper], { dataDir })).toMatchObject({ code: 2 })
  })
})

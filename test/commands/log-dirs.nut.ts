import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCli, temporaryDirectory } from '../support/cli.ts'

const folder = temporaryDirectory('kcli-log-dirs')
const env = { KCLI_DATA_DIR: folder.path }
const cli = (...words: string[]) => runCli(words, { env })
const data = async (...words: string[]) => JSON.parse((await cli(...words, '-o', 'json')).stdout)

beforeAll(async () => {
  await cli('topics', 'create', 'large', '--partitions', '1', '--replication-factor', '3')
  await cli('topics', 'create', 'small', '--partitions', '2', '--replication-factor', '1')
  await runCli(['produce', 'large'], { env, input: `${'x'.repeat(100_000)}\n` })
})
afterAll(() => folder.remove())

it('log-dirs list shows what is in them, and the room that is left', async () => {
  const dirs = await data('log-dirs', 'list')
  expect(dirs.map((dir: { logDir: string }) => dir.logDir)).toEqual(
    [0, 1, 2].map((id) => `${folder.path}/broker-${id}`),
  )
  const replicas = dirs.reduce((sum: number, dir: { replicas: number }) => sum + dir.replicas, 0)
  expect(replicas).toBe(5)
  for (const dir of dirs) {
    expect(dir).toMatchObject({ error: null, futureReplicas: 0 })
    expect(dir.sizeBytes).toBeGreaterThan(100_000)
    expect(dir.totalBytes).toBeGreaterThan(dir.usableBytes)
  }
  expect((await cli('log-dirs', 'list', '--broker', '2,0', '-o', 'name')).stdout).toBe(
    `${folder.path}/broker-0\n${folder.path}/broker-2\n`,
  )
  expect((await cli('log-dirs', 'list', '--broker', '7')).stderr).toContain('there is no broker 7')
})

it('log-dirs describe shows replica by replica, the largest first', async () => {
  const { stdout } = await cli('log-dirs', 'describe', '--sort', 'size', '-o', 'name')
  const names = stdout.trim().split('\n')
  expect(names.slice(0, 3)).toEqual(['large-0', 'large-0', 'large-0'])
  expect(names.slice(3).sort()).toEqual(['small-0', 'small-1'])
  const rows = await data('log-dirs', 'describe', 'small')
  expect(rows.map((row: { partition: number }) => row.partition).sort()).toEqual([0, 1])
  expect(rows[0]).toMatchObject({ topic: 'small', sizeBytes: 0, offsetLag: 0, isFuture: false })
  const missing = await cli('log-dirs', 'describe', 'nowhere')
  expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining("'nowhere' does not exist")])
})

it('api-versions shows what brokers serve beside what kcli uses', async () => {
  const apis = await data('api-versions')
  expect(apis.length).toBeGreaterThan(30)
  expect(apis[0]).toEqual({
    ...{ key: 0, name: 'Produce', brokers: [0, 1, 2] },
    ...{ minVersion: 0, maxVersion: 11, kcliMinVersion: 0, kcliMaxVersion: 11, usedVersion: 11 },
  })
  expect((await data('api-versions', '1'))[0].brokers).toEqual([1])
  expect((await cli('api-versions', 'one')).code).toBe(2)
})

import fs from 'node:fs'
import path from 'node:path'
import { afterAll, expect, it, vi } from 'vitest'
import { finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-compaction')
const dataDir = path.join(directory.path, 'data')
const env = { KCLI_DATA_DIR: dataDir }
const server = startCli(
  [
    ...['cluster', 'start', '--listen', ':0', '-v', '-o', 'ndjson'],
    ...['--override', 'log.cleaner.backoff.ms=200', '--override', 'log.segment.delete.delay.ms=100'],
  ],
  { env },
)
const end = finished(server)
afterAll(() => {
  server.kill('SIGKILL')
  directory.remove()
})

it('a running cluster compacts its topics, and the command reads what is left', async () => {
  await new Promise<void>((resolve) => server.stdout?.once('data', () => resolve()))
  const config = ['cleanup.policy=compact', 'segment.bytes=1048588', 'min.cleanable.dirty.ratio=0.01']
  const flags = config.flatMap((setting) => ['--config', setting])
  expect(await runCli(['topics', 'create', 'latest', '-p', '1', '-r', '3', ...flags], { env })).toMatchObject(
    { code: 0 },
  )
  for (let round = 0; round < 3; round++) {
    const lines = Array.from({ length: 20_000 }, (_, i) => `k${i % 50}:round ${round} value ${i}\n`)
    expect(await runCli(['produce', 'latest', '-K', ':'], { env, input: lines.join('') })).toMatchObject({
      code: 0,
    })
  }
  const logDir = (broker: number) => path.join(dataDir, `broker-${broker}`)
  const checkpoint = (broker: number) =>
    fs.readFileSync(path.join(logDir(broker), 'cleaner-offset-checkpoint'), 'utf8')
  await vi.waitFor(
    () => {
      for (const broker of [0, 1, 2]) expect(checkpoint(broker)).toMatch(/^0\n1\nlatest 0 [1-9]\d+\n$/)
    },
    { timeout: 30_000, interval: 200 },
  )
  // All replicas cleaned the same bytes, each by itself.
  const first = (broker: number) =>
    fs.readFileSync(path.join(logDir(broker), 'latest-0', '00000000000000000000.log'))
  for (const broker of [1, 2]) expect(first(broker)).toEqual(first(0))
  const { stdout } = await runCli(['consume', 'latest', '-o', 'ndjson'], { env })
  const records = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { offset: number; key: string; value: string })
  expect(records.length).toBeLessThan(40_000)
  expect(new Map(records.map(({ key, value }) => [key, value]))).toEqual(
    new Map(Array.from({ length: 50 }, (_, i) => [`k${i}`, `round 2 value ${19_950 + i}`])),
  )
  expect(records.at(-1)?.offset).toBe(59_999)
  server.kill('SIGTERM')
  const { code, stderr } = await end
  expect(code).toBe(0)
  expect(stderr.match(/cleaned latest-0 from 0 to \d+/g)).toHaveLength(3)
})

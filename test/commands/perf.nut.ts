import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliOptions, runCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-perf')
afterAll(() => directory.remove())
const dataDir = path.join(directory.path, 'data')
const kcli = (args: string[], options: CliOptions = {}) =>
  runCli(args, { ...options, env: { KCLI_DATA_DIR: dataDir } })

beforeAll(async () => {
  expect(await kcli(['topics', 'create', 'load', '--partitions', '3'])).toMatchObject({ code: 0 })
})

describe('perf', () => {
  it('stores as many records as it says, and reads them again', async () => {
    const produced = await kcli(['perf', 'produce', 'load', '--records', '5000', '--size', '50', '--json'])
    expect(produced).toMatchObject({ code: 0, stderr: '' })
    expect(JSON.parse(produced.stdout)).toMatchObject({
      topic: 'load',
      records: 5000,
      sizeBytes: 250_000,
      failed: 0,
    })
    const values = (await kcli(['consume', 'load'])).stdout.trimEnd().split('\n')
    expect(values).toHaveLength(5000)
    expect(values.every((value) => /^[A-Z]{50}$/.test(value))).toBe(true)
    for (const more of [[], ['--group', 'readers']]) {
      const consumed = await kcli(['perf', 'consume', 'load', '--records', '5000', '--json', ...more])
      expect(consumed).toMatchObject({ code: 0, stderr: '' })
      expect(JSON.parse(consumed.stdout)).toMatchObject({ records: 5000, sizeBytes: 250_000 })
    }
  })

  it('shows a person what matters, and metrics on request', async () => {
    const { code, stdout, stderr } = await kcli(['perf', 'produce', 'load', '--records', '100', '--metrics'])
    expect(code).toBe(0)
    expect(stdout).toMatch(
      /^records {5}100\ntime {8}[\d.]+ s\nthroughput {2}[\d,]+ records\/s, .+\/s\nlatency {5}avg .+ ms, max \d+ ms\n\nFROM-US +TO-US +RECORDS\n(\d+ +\d+ +\d+\n)+$/,
    )
    expect(stderr).toMatch(/producer-metrics:record-send-total:\{client-id=kcli\} +: 100\.000/)
  })

  it('measures how long records take on their whole way', async () => {
    const args = ['perf', 'latency', 'load', '--records', '50', '--rate', '200', '--warm-up', '10']
    const { code, stdout, stderr } = await kcli([...args, '--json'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    const data = JSON.parse(stdout)
    expect(data).toMatchObject({ topic: 'load', records: 50, recordSizeBytes: 100, failed: 0, lost: 0 })
    const { min, p50, p99, max } = data.latencyUs
    expect(min).toBeGreaterThan(0)
    expect([min, p50, p99, max]).toEqual([min, p50, p99, max].sort((a, b) => a - b))
    const counted = data.distribution.map(({ records }: { records: number }) => records)
    expect(counted.reduce((sum: number, count: number) => sum + count, 0)).toBe(50)
    expect((await kcli(args)).stdout).toMatch(
      /^records {5}50 of 100 bytes, 200 a second\nlatency {5}min .+ max .+\nsent late {3}min .+\n\nFROM-US/,
    )
  })

  it.each([
    [['perf', 'produce', 'load', '-X', 'acks=2'], 2, /Invalid value 2 for configuration acks/],
    [['perf', 'produce', 'load', '-X', 'enable.idempotence=true', '-X', 'acks=1'], 2, /needs acks=all/],
    [['perf', 'produce', 'nosuch'], 1, /topic 'nosuch' does not exist/],
    [['perf', 'latency', 'nosuch'], 1, /topic 'nosuch' does not exist/],
    [['perf', 'consume', 'nosuch'], 1, /topic 'nosuch' does not exist/],
    [['perf', 'consume', 'load', '-X', 'group.protocol=consumer'], 2, /needs a cluster in KRaft mode/],
    [['perf', 'consume', 'load', '--records', '999999', '--timeout-ms', '300'], 1, /nothing came for 300 ms/],
  ])('ends %j with exit code %i and says why', async (args, code, message) => {
    const result = await kcli(args)
    expect(result.stderr).toMatch(message)
    expect(result.code).toBe(code)
  })
})

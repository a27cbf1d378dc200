import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { runCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-filter')
const dataDir = path.join(directory.path, 'data')
afterAll(() => directory.remove())

const kcli = (args: string[], input?: string) =>
  runCli(args, { env: { KCLI_DATA_DIR: dataDir }, ...(input !== undefined && { input }) })

const orders = Array.from({ length: 300 }, (_, i) => ({
  partition: i % 3,
  timestamp: 1_700_000_000_000 + i,
  key: `k${i}`,
  value: i % 10 === 9 ? `no JSON ${i}` : { id: i, total: i * 2, status: i % 2 === 0 ? 'open' : 'paid' },
  headers: i % 50 === 0 ? { trace: `t${i}` } : {},
}))

beforeAll(async () => {
  await kcli(['topics', 'create', 'orders', '--partitions', '3', '--replication-factor', '1'])
  const input = orders.map((order) => `${JSON.stringify(order)}\n`).join('')
  expect(await kcli(['produce', 'orders', '-i', 'ndjson'], input)).toMatchObject({ code: 0 })
})

const idsOf = (stdout: string) => [...stdout.matchAll(/"id":(\d+)/g)].map(([, id]) => Number(id))
const sorted = (numbers: number[]) => numbers.toSorted((a, b) => a - b)

it('consume shows what fits and says how many it looked at', async () => {
  const { code, stdout, stderr } = await kcli(['consume', 'orders', '--filter', 'value.total >= 580'])
  expect({ code, stderr }).toEqual({ code: 0, stderr: '9 of 300 records matched the filter.\n' })
  expect(sorted(idsOf(stdout))).toEqual([290, 291, 292, 293, 294, 295, 296, 297, 298])
  const none = await kcli(['consume', 'orders', '-o', 'json', '--filter', 'partition == 7'])
  expect(none).toMatchObject({
    code: 0,
    stdout: '[\n\n]\n',
    stderr: '0 of 300 records matched the filter.\n',
  })
})

it('--max-messages and --tail count records that fit', async () => {
  const paid = 'value.status == "paid" and partition == 1'
  const few = await kcli(['consume', 'orders', '-n', '4', '--filter', paid])
  expect(idsOf(few.stdout)).toEqual([1, 7, 13, 25])
  const last = await kcli(['consume', 'orders', '--tail', '3', '--filter', 'headers.trace exists'])
  expect(
    last.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).id),
  ).toEqual([150, 200, 250])
  const time = ['consume', 'orders', '--filter', `timestamp < ${1_700_000_000_003}`, '--print', 'key']
  expect((await kcli(time)).stdout.split('\n').sort().join(' ')).toBe(' k0 k1 k2')
})

it('a group has read what its filter passed over', async () => {
  const args = ['consume', 'orders', '--group', 'readers', '--filter', 'value contains "JSON"']
  const { code, stdout, stderr } = await kcli(args)
  expect({ code, lines: stdout.split('\n').length - 1, stderr }).toEqual({
    code: 0,
    lines: 30,
    stderr: '30 of 300 records matched the filter.\n',
  })
  await kcli(['produce', 'orders', '--partition', '0'], 'one\ntwo\nthree\n')
  const peek = await kcli([
    'groups',
    'peek',
    'readers',
    '-n',
    '5',
    '--filter',
    'value ends with "e"',
    '--print',
    'value',
  ])
  expect(peek).toMatchObject({
    code: 0,
    stdout: 'one\nthree\n',
    stderr: '2 of 3 records matched the filter.\n',
  })
})

it('segments dump asks the same of records in files', async () => {
  const args = [
    'segments',
    'dump',
    'orders',
    '-o',
    'ndjson',
    '--filter',
    'value.total in [12, 14] or headers.trace == "t0"',
  ]
  const { code, stdout } = await kcli(args)
  expect(code).toBe(0)
  expect(
    sorted(
      stdout
        .trim()
        .split('\n')
        .map((line) => Number(JSON.parse(line).key.slice(1))),
    ),
  ).toEqual([0, 6, 7])
})

it('a mistake is shown where it is, before anything is read', async () => {
  const { code, stdout, stderr } = await kcli(['consume', 'orders', '--filter', 'value.total > abc'])
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
  expect(stderr.split('\n').slice(0, 3)).toEqual([
    "kcli: --filter, column 15: there is no field 'abc'",
    '  value.total > abc',
    '                ^',
  ])
  expect(stderr).toContain('text stands in quotes: "abc".')
})

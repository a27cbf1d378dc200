import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Random } from '../../src/base/random.ts'
import { batchSizeBytes, headerKeySize, readRecords } from '../../src/records/index.ts'
import { runCli, runner, temporaryDirectory } from '../support/cli.ts'
import { type HostileRecord, hostileLine, hostileRecord } from '../support/hostile-records.ts'
import { testRandom } from '../support/seed.ts'

const PARTITIONS = 3
const directory = temporaryDirectory('kcli-round-trip')
const dataDir = path.join(directory.path, 'data')
const { seed, random } = testRandom()
const records = hostileRecords(random, 600)

afterAll(() => directory.remove())

const kcli = (args: string[], input?: string | Uint8Array) =>
  runCli(args, {
    cwd: directory.path,
    env: { KCLI_DATA_DIR: dataDir },
    ...(input !== undefined && { input }),
  })

async function ok(args: string[], input?: string | Uint8Array): Promise<Buffer> {
  const { code, stderr, stdoutBytes } = await kcli(args, input)
  expect({ code, stderr }, `${args.join(' ')}, seed ${seed}`).toMatchObject({ code: 0 })
  return stdoutBytes
}

beforeAll(async () => {
  const create = ['topics', 'create', '--partitions', `${PARTITIONS}`, '--replication-factor', '1']
  await ok([...create, 'source', 'copy', 'shell-copy', 'pipe-copy', 'squeezed'])
  await ok([...create, 'stamped', '--config', 'message.timestamp.type=LogAppendTime'])
  await ok([...create, 'tombstones', '--config', 'cleanup.policy=compact'])
  await ok(['produce', 'source', '-i', 'ndjson'], records.map(hostileLine).join(''))
})

it('what is written by hand lies in the log byte for byte', () => {
  expect(stored('source'), `seed ${seed}`).toEqual(byPartition(records))
})

it('consume, a file, produce: the copy has the same records, byte for byte', async () => {
  const lines = await ok(['consume', 'source', '-o', 'ndjson'])
  writeFileSync(path.join(directory.path, 'records.ndjson'), lines)
  await ok(['produce', 'copy', '-i', 'ndjson', '--file', 'records.ndjson'])
  expect(stored('copy'), `seed ${seed}`).toEqual(stored('source'))
  await ok(['produce', 'squeezed', '-i', 'ndjson', '--compression', 'gzip', '--sync'], lines)
  expect(stored('squeezed'), `seed ${seed}`).toEqual(stored('source'))
  for (const topic of ['copy', 'squeezed']) expect(await dumped(topic)).toEqual(await dumped('source'))
})

it('the shell keeps every byte on the way to a file and into a pipe', async () => {
  const produce = `'${process.execPath}' '${runner}' produce pipe-copy -i ndjson`
  const script = [
    'consume source -o ndjson > shell.ndjson',
    'produce shell-copy -i ndjson < shell.ndjson',
    `consume source -o ndjson | ${produce}`,
  ]
  await ok(['shell'], script.join('\n'))
  expect(stored('shell-copy'), `seed ${seed}`).toEqual(stored('source'))
  expect(stored('pipe-copy'), `seed ${seed}`).toEqual(stored('source'))
})

it('times that a broker has set become the times of the copy', async () => {
  await ok(['topics', 'create', 'restored', '--partitions', `${PARTITIONS}`, '--replication-factor', '1'])
  const lines = await ok(['consume', 'source', '-o', 'ndjson', '-n', '50'])
  await ok(['produce', 'stamped', '-i', 'ndjson'], lines)
  const stamped = await ok(['consume', 'stamped', '-o', 'ndjson'])
  expect(stamped.toString()).toMatch(/"timestampType":"append"/)
  await ok(['produce', 'restored', '-i', 'ndjson'], stamped)
  expect(stored('restored')).toEqual(stored('stamped'))
  const types = (await ok(['consume', 'restored', '-o', 'ndjson'])).toString().match(/"timestampType":"\w+"/g)
  expect(new Set(types)).toEqual(new Set(['"timestampType":"create"']))
})

it('tombstones stay tombstones, and an empty key is a key', async () => {
  const kept = records.filter(({ key }) => key !== null).map((record) => ({ ...record, value: null }))
  await ok(['produce', 'tombstones', '-i', 'ndjson'], kept.map(hostileLine).join(''))
  await ok(['topics', 'create', 'tombstones-copy', '--partitions', `${PARTITIONS}`])
  await ok(
    ['produce', 'tombstones-copy', '-i', 'ndjson'],
    await ok(['consume', 'tombstones', '-o', 'ndjson']),
  )
  expect(stored('tombstones-copy'), `seed ${seed}`).toEqual(byPartition(kept))
})

function hostileRecords(from: Random, count: number): HostileRecord[] {
  const made = Array.from({ length: count }, () => hostileRecord(from, PARTITIONS))
  const many = Array.from({ length: 2000 }, (_, i) => ({
    key: Buffer.from(`h${i % 7}`),
    value: from.bytes(40),
  }))
  const plain = { partition: 0, timestampMs: 1, key: null, value: null, headers: [] }
  return [
    ...made,
    { ...plain, headers: many },
    { ...plain, headers: [{ key: Buffer.alloc(0), value: from.bytes(300_000) }] },
    { ...plain, partition: 1, key: Buffer.alloc(0), value: from.bytes(700_000) },
    { ...plain, partition: 2, timestampMs: 253_402_300_799_999, value: Buffer.alloc(0) },
  ]
}

type Plain = Record<string, unknown>

function byPartition(of: readonly HostileRecord[]): Plain[][] {
  return Array.from({ length: PARTITIONS }, (_, partition) =>
    of
      .filter((record) => record.partition === partition)
      .map((record) => ({
        timestampMs: record.timestampMs,
        key: hex(record.key),
        value: hex(record.value),
        headers: record.headers.map((header) => [hex(header.key), hex(header.value)]),
      })),
  )
}

/** What the log files hold, read with no broker. */
function stored(topic: string): Plain[][] {
  return Array.from({ length: PARTITIONS }, (_, partition) =>
    recordsIn(Buffer.concat(logFiles(topic, partition).map((file) => readFileSync(file)))),
  )
}

/** Times that lie far apart make several segments. */
function logFiles(topic: string, partition: number): string[] {
  return readdirSync(dataDir)
    .map((broker) => path.join(dataDir, broker, `${topic}-${partition}`))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) =>
      readdirSync(folder)
        .filter((name) => name.endsWith('.log'))
        .sort()
        .map((name) => path.join(folder, name)),
    )
}

function recordsIn(log: Buffer): Plain[] {
  const found: Plain[] = []
  for (let at = 0; at < log.length; at += batchSizeBytes(log, at)) {
    for (const { timestampMs, key, value, headers } of readRecords(log, at)) {
      const keys = headers.map((header) => {
        const bytes = header.keyBytes ?? Buffer.from(header.key)
        expect(bytes.length).toBe(headerKeySize(header))
        return bytes
      })
      found.push({
        timestampMs,
        key: hex(key),
        value: hex(value),
        headers: headers.map((header, i) => [hex(keys[i] ?? null), hex(header.value)]),
      })
    }
  }
  return found
}

/** The same as Kafka's tool prints it, without what may differ: where batches end, and whose number they bear. */
async function dumped(topic: string): Promise<string[][]> {
  const all: string[][] = []
  for (let partition = 0; partition < PARTITIONS; partition++) {
    const files = logFiles(topic, partition).join(',')
    const text = (await ok(['kafka-dump-log', '--print-data-log', '--files', files])).toString()
    const lines = text.split('\n| ').slice(1)
    all.push(
      lines.map((line) => line.split(/\n(?:baseOffset|Dumping)/)[0]?.replace(/sequence: -?\d+/, '') ?? ''),
    )
  }
  return all
}

function hex(bytes: Uint8Array | null): string | null {
  return bytes === null ? null : Buffer.from(bytes).toString('hex')
}

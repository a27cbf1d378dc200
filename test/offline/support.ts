import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { systemRandom } from '../../src/base/random.ts'
import { Admin, Consumer, type ConsumerConfig, type ConsumerRecord } from '../../src/client/index.ts'
import { type OfflineTarget, openOffline } from '../../src/offline/index.ts'

export const GOLDEN = fileURLToPath(new URL('../golden/segments', import.meta.url))
export const CASES = readdirSync(GOLDEN).filter((name) =>
  existsSync(path.join(GOLDEN, name, 'expected.json')),
)

export interface ExpectedRecord {
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly leaderEpoch: number | null
  readonly key: unknown
  readonly value: unknown
  readonly headers: readonly [string, unknown][]
}

export interface Expected {
  readonly topic: string
  readonly records: readonly ExpectedRecord[]
  readonly committed?: readonly ExpectedRecord[]
}

export function expectedOf(name: string): Expected {
  return JSON.parse(readFileSync(path.join(GOLDEN, name, 'expected.json'), 'utf8')) as Expected
}

/** Puts the partitions of golden cases into a log directory, with what a clean end of Kafka leaves there. */
export function copyGolden(logDir: string, names: readonly string[]): void {
  mkdirSync(logDir, { recursive: true })
  cpSync(path.join(GOLDEN, 'log-dir'), logDir, { recursive: true })
  for (const name of names) {
    const [partition = ''] = partitionsOf(name)
    cpSync(path.join(GOLDEN, name, partition), path.join(logDir, partition), { recursive: true })
  }
}

export function partitionsOf(name: string): string[] {
  const { topic } = expectedOf(name)
  return readdirSync(path.join(GOLDEN, name)).filter((each) => each.startsWith(`${topic}-`))
}

export interface Opened {
  readonly target: OfflineTarget
  readonly admin: Admin
  readonly warnings: readonly string[]
}

/** Closed when the test ends. */
export function open(dataDir: string): Opened {
  const warnings: string[] = []
  const target = openOffline(
    {
      fs: nodeFileSystem,
      clock: systemClock,
      random: systemRandom,
      logger: { ...silentLogger, warn: (message) => warnings.push(message) },
    },
    dataDir,
  )
  const admin = new Admin(target.clientOptions)
  onTestFinished(async () => {
    await admin.close()
    await target.close()
  })
  return { target, admin, warnings }
}

/** Everything from the start (or from an offset) to the end, as the consumer gives it out. */
export async function readAll(
  target: OfflineTarget,
  topic: string,
  config: ConsumerConfig & { readonly from?: number } = {},
): Promise<ConsumerRecord[]> {
  const { from, ...consumerConfig } = config
  const consumer = new Consumer(target.clientOptions, {
    autoOffsetReset: 'none',
    fetchMaxWaitMs: 10,
    ...consumerConfig,
  })
  try {
    const partitions = (await consumer.partitionsOf(topic)).map((partition) => ({ topic, partition }))
    const ends = await consumer.offsets(partitions.map((at) => ({ ...at, spec: 'latest' as const })))
    consumer.assign(partitions.map((at) => ({ ...at, from: from ?? ('earliest' as const) })))
    await consumer.begin()
    const records: ConsumerRecord[] = []
    while (ends.some((end) => (consumer.position(end) ?? 0) < end.offset))
      records.push(...(await consumer.poll(50)))
    return records
  } finally {
    await consumer.close()
  }
}

/** As the golden files show a record. */
export function asExpected(records: readonly ConsumerRecord[]): unknown[] {
  return records.map(({ partition, offset, timestampMs, key, value, headers }) => ({
    partition,
    offset,
    timestamp: timestampMs,
    key: textOf(key),
    value: textOf(value),
    headers: headers.map((header) => [String(header.key), textOf(header.value)]),
  }))
}

export function comparable(records: readonly ExpectedRecord[]): unknown[] {
  return records.map(({ partition, offset, timestamp, key, value, headers }) => ({
    partition,
    offset,
    timestamp,
    key,
    value,
    headers,
  }))
}

function textOf(bytes: Uint8Array | null): unknown {
  if (bytes === null) return null
  const buffer = Buffer.from(bytes)
  const text = buffer.toString('utf8')
  return Buffer.from(text).equals(buffer) ? text : { base64: buffer.toString('base64') }
}

/** Names, sizes, times of the last change and contents of everything below a directory, as one hash. */
export function treeHash(directory: string): string {
  const hash = createHash('sha256')
  for (const name of (readdirSync(directory, { recursive: true }) as string[]).sort()) {
    const file = path.join(directory, name)
    const stat = statSync(file, { bigint: true })
    if (!stat.isDirectory() && !stat.isFile()) continue
    hash.update(`${name} ${stat.mode} ${stat.size} ${stat.mtimeNs} ${stat.ctimeNs}\n`)
    if (stat.isFile()) hash.update(readFileSync(file))
  }
  return hash.digest('hex')
}

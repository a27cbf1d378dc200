/** Damaged logs, loaded by Apache Kafka and by kcli after a kill: both must keep the same records. */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { batchStarts } from '../../src/records/index.ts'
import { openManager } from '../storage/crash/world.ts'
import { type Image, makeImage } from '../storage/damage/image.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { describeInterop } from './support/suite.ts'

type Files = Map<string, Buffer>

const logs = (files: Files) => [...files.keys()].filter((name) => name.endsWith('.log')).sort()
const nth = (files: Files, n: number) => logs(files).at(n) ?? ''
const change = (files: Files, name: string, to: (bytes: Buffer) => Buffer) =>
  files.set(name, to(Buffer.from(files.get(name) ?? [])))
const each = (files: Files, suffix: string, to: (bytes: Buffer) => Buffer) => {
  for (const name of files.keys()) if (name.endsWith(suffix)) change(files, name, to)
}
const flip = (bytes: Buffer, at: number) => {
  bytes[at] = (bytes[at] ?? 0) ^ 1
  return bytes
}
const lastStart = (bytes: Buffer) => [...batchStarts(bytes)].at(-1) ?? 0

const DAMAGE: Readonly<Record<string, (files: Files) => void>> = {
  none: () => undefined,
  torn: (files) => change(files, nth(files, -1), (b) => b.subarray(0, -20)),
  'bit-in-records': (files) => change(files, nth(files, 1), (b) => flip(b, b.length - 5)),
  'bit-in-length': (files) => change(files, nth(files, 1), (b) => flip(b, lastStart(b) + 9)),
  'bit-in-base-offset': (files) => change(files, nth(files, -1), (b) => flip(b, lastStart(b) + 6)),
  zeros: (files) => change(files, nth(files, -1), (b) => Buffer.concat([b, Buffer.alloc(4096)])),
  garbage: (files) => change(files, nth(files, -1), (b) => Buffer.alloc(b.length, 0xa7)),
  'batch-twice': (files) =>
    change(files, nth(files, -1), (b) => Buffer.concat([b, b.subarray(lastStart(b))])),
  'wrong-order': (files) =>
    change(files, nth(files, 1), (b) => {
      const [, second] = [...batchStarts(b)]
      return Buffer.concat([b.subarray(second), b.subarray(0, second)])
    }),
  'empty-end': (files) => files.set(nth(files, -1), Buffer.alloc(0)),
  'empty-middle': (files) => files.set(nth(files, 1), Buffer.alloc(0)),
  'no-middle': (files) => files.delete(nth(files, 1)),
  'no-start': (files) => files.delete(nth(files, 0)),
  'no-indexes': (files) => {
    for (const name of [...files.keys()]) if (name.endsWith('index')) files.delete(name)
  },
  'garbage-indexes': (files) => each(files, 'index', (b) => Buffer.alloc(b.length, 0xa7)),
  'garbage-snapshots': (files) => each(files, '.snapshot', (b) => Buffer.alloc(b.length, 0xa7)),
  'no-epochs': (files) => files.delete('leader-epoch-checkpoint'),
  strangers: (files) => {
    files.set('notes.txt', Buffer.from('hello'))
    files.set('00000000000000099999.index', Buffer.from('hello'))
  },
}

/** Where offsets do not rise: Kafka gives records twice then, or out of order. */
const STRICTER = new Set(['batch-twice', 'wrong-order'])

/** The files of the partition of each damage, by its name. */
function damaged(image: Image): Map<string, Files> {
  return new Map(
    Object.entries(DAMAGE).map(([name, damage]) => {
      const all = image.fs.names().filter((file) => file.startsWith('/data/t-0/'))
      const files: Files = new Map(all.map((file) => [path.basename(file), image.fs.readFileSync(file)]))
      files.delete('partition.metadata')
      damage(files)
      return [name, files]
    }),
  )
}

/** What counts of a log: its records, its epochs, and where it ends. */
interface Kept {
  readonly logs: Readonly<Record<string, string>>
  /** Kafka writes later that those before the log's start are gone. */
  readonly epochs: readonly string[]
  readonly end: string
}

function keptOf(
  names: readonly string[],
  read: (name: string) => Buffer,
  recoveryPoints: string,
  name: string,
): Kept {
  const files = names.filter((file) => file.endsWith('.log')).sort()
  const start = Number(files[0]?.slice(0, 20))
  const text = names.includes('leader-epoch-checkpoint') ? String(read('leader-epoch-checkpoint')) : ''
  const epochs = text.split('\n').filter((line) => / /.test(line) && Number(line.split(' ')[1]) >= start)
  return {
    logs: Object.fromEntries(files.map((file) => [file, read(file).toString('hex')])),
    epochs,
    end: recoveryPoints.split('\n').find((line) => line.startsWith(`${name} 0 `)) ?? 'none',
  }
}

const RECOVERY_POINTS = 'recovery-point-offset-checkpoint'

describeInterop('damaged logs after a kill', ['kafka'], () => {
  let kafka: KafkaCluster | undefined
  let theirs: (name: string) => Kept
  let ours: (name: string) => Kept

  beforeAll(async () => {
    const partitions = damaged(await makeImage(false))
    kafka = await startKafka({
      prepare: (dir) => {
        for (const [name, files] of partitions) {
          const to = path.join(dir, 'broker-0', `${name}-0`)
          mkdirSync(to, { recursive: true })
          for (const [file, bytes] of files) writeFileSync(path.join(to, file), bytes)
        }
      },
    })
    await kafka.stopBroker(0)
    const dir = kafka.logDir(0)
    theirs = (name) =>
      keptOf(
        readdirSync(path.join(dir, `${name}-0`)),
        (file) => readFileSync(path.join(dir, `${name}-0`, file)),
        readFileSync(path.join(dir, RECOVERY_POINTS), 'utf8'),
        name,
      )
    const fs = new MemoryFileSystem()
    for (const [name, files] of partitions)
      for (const [file, bytes] of files) fs.put(`/data/${name}-0/${file}`, bytes)
    await (await openManager(fs, {})).shutdown()
    ours = (name) =>
      keptOf(
        fs.readdirSync(`/data/${name}-0`),
        (file) => fs.readFileSync(`/data/${name}-0/${file}`),
        String(fs.readFileSync(`/data/${RECOVERY_POINTS}`)),
        name,
      )
  })
  afterAll(() => kafka?.stop())

  it.each(Object.keys(DAMAGE).filter((name) => !STRICTER.has(name)))('%s', (name) => {
    expect(ours(name)).toEqual(theirs(name))
  })

  it.each([...STRICTER])('%s: the log ends there, while Kafka serves it', (name) => {
    const all = Object.values(theirs(name).logs).join('')
    const kept = Object.values(ours(name).logs).join('')
    expect(kept.length).toBeLessThan(all.length)
    expect(all.startsWith(kept)).toBe(true)
  })
})

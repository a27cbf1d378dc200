import {
  appendFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { defined } from '../../src/base/assert.ts'
import { systemClock } from '../../src/base/clock.ts'
import { silentLogger } from '../../src/base/logger.ts'
import { systemRandom } from '../../src/base/random.ts'
import { Connection } from '../../src/client/net/index.ts'
import { OfflineError, openOffline } from '../../src/offline/index.ts'
import { offsetForLeaderEpoch } from '../../src/protocol/messages/23-offset-for-leader-epoch.ts'
import { describeLogDirs } from '../../src/protocol/messages/35-describe-log-dirs.ts'
import { FailingFileSystem } from '../support/failing-file-system.ts'
import { temporaryDirectory } from '../support/temporary.ts'
import { copyGolden, expectedOf, open, readAll } from './support.ts'

function writeMeta(logDir: string, brokerId: number, clusterId = 'AAAAAAAAAAAAAAAAAAAAAQ'): void {
  writeFileSync(
    path.join(logDir, 'meta.properties'),
    `#\n#date\nbroker.id=${brokerId}\ncluster.id=${clusterId}\nversion=0\n`,
  )
}

describe('directories that are named', () => {
  const opening = (dataDir: string) => () => open(dataDir)

  it('must be there, and nothing is made', () => {
    const dir = temporaryDirectory()
    expect(opening(path.join(dir, 'nothing'))).toThrow(/there is no directory .*nothing/)
    expect(opening(dir)).toThrow(/is empty: there is nothing to read/)
    writeFileSync(path.join(dir, 'notes.txt'), 'x')
    expect(opening(path.join(dir, 'notes.txt'))).toThrow(/is not a directory/)
    mkdirSync(path.join(dir, 'work-1'))
    expect(opening(dir)).toThrow(OfflineError)
    expect(opening(dir)).toThrow(/is no data directory/)
    expect(readdirSync(dir).sort()).toEqual(['notes.txt', 'work-1'])
  })

  it('must be of one cluster', () => {
    const dir = temporaryDirectory()
    for (const id of [0, 1]) {
      copyGolden(path.join(dir, `${id}`), ['none'])
      writeMeta(path.join(dir, `${id}`), id, id === 0 ? 'cluster-a' : 'cluster-b')
    }
    expect(opening(`${dir}/0,${dir}/1`)).toThrow(/belong to different clusters: cluster-a, cluster-b/)
  })

  it('may be several, and one whose name has a comma', async () => {
    const dir = temporaryDirectory()
    const [first, second] = [path.join(dir, 'a,b'), path.join(dir, 'c')]
    copyGolden(first, ['none'])
    copyGolden(second, ['gzip'])
    writeMeta(first, 4)
    writeMeta(second, 7)
    expect((await open(first).admin.listTopics()).map(({ name }) => name)).toEqual(['none'])
    cpSync(first, path.join(dir, 'd'), { recursive: true })
    const { admin } = open(`${dir}/d, ${second}`)
    const topics = await admin.listTopics()
    expect(topics.map(({ name, partitions }) => [name, partitions[0]?.replicas])).toEqual([
      ['gzip', [7]],
      ['none', [4]],
    ])
  })

  it('leave out what was deleted or is on its way', async () => {
    const dir = path.join(temporaryDirectory(), 'logs')
    copyGolden(dir, ['none'])
    const mark = '0123456789abcdef0123456789abcdef'
    for (const suffix of ['delete', 'future', 'stray']) {
      cpSync(path.join(dir, 'none-0'), path.join(dir, `gone-0.${mark}-${suffix}`), { recursive: true })
    }
    const { admin } = open(dir)
    expect((await admin.listTopics()).map(({ name }) => name)).toEqual(['none'])
  })
})

describe('a partition on several disks', () => {
  function twoBrokers(): { dir: string; dataDir: string; partition: (id: number) => string } {
    const dir = temporaryDirectory()
    for (const id of [1, 2]) {
      copyGolden(path.join(dir, `${id}`), ['segments'])
      writeMeta(path.join(dir, `${id}`), id)
    }
    return { dir, dataDir: `${dir}/1,${dir}/2`, partition: (id) => path.join(dir, `${id}`, 'segments-0') }
  }
  const latestOf = async (dataDir: string) => {
    const { admin } = open(dataDir)
    return (await admin.listOffsets([{ topic: 'segments', partition: 0, spec: 'latest' }]))[0]?.offset
  }

  it.each([1, 2])('is read from the longest log (broker %i has lost its last segment)', async (id) => {
    const { dataDir, partition } = twoBrokers()
    rmSync(path.join(partition(id), '00000000000000000056.log'))
    expect(await latestOf(dataDir)).toBe(73)
  })

  it('is read from the log with the highest leader epoch, however short', async () => {
    const { dataDir, partition } = twoBrokers()
    rmSync(path.join(partition(2), '00000000000000000056.log'))
    writeFileSync(path.join(partition(2), 'leader-epoch-checkpoint'), '0\n2\n0 0\n5 40\n')
    expect(await latestOf(dataDir)).toBe(56)
  })

  it('is read from a log without damage, if there is one', async () => {
    const { dataDir, partition } = twoBrokers()
    appendFileSync(path.join(partition(1), '00000000000000000056.log'), Buffer.alloc(100, 0x55))
    const file = path.join(partition(2), '00000000000000000056.log')
    const bytes = readFileSync(file)
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1
    writeFileSync(file, bytes)
    const { target, warnings } = open(dataDir)
    expect(await readAll(target, 'segments')).toHaveLength(73)
    expect(warnings).toHaveLength(2)
    // What lies behind the last batch of the one is damage too; that of the other is in no log that is read.
    expect(target.failures).toBe(1)
  })

  it('is read although one disk cannot be', async () => {
    const { dataDir, partition } = twoBrokers()
    rmSync(partition(1), { recursive: true })
    writeFileSync(partition(1), 'a file in the way')
    const { target, warnings } = open(dataDir)
    expect(await readAll(target, 'segments')).toHaveLength(73)
    expect(warnings).toEqual([expect.stringContaining(`${partition(1)} cannot be read`)])
  })
})

describe('the brokers that only read', () => {
  it('change nothing and open nothing for writing', async () => {
    const dir = path.join(temporaryDirectory(), 'logs')
    copyGolden(dir, ['segments', 'transactions', 'compacted'])
    for (const name of readdirSync(path.join(dir, 'segments-0'))) {
      if (name.endsWith('index')) rmSync(path.join(dir, 'segments-0', name))
    }
    const fs = new FailingFileSystem()
    const modes: string[] = []
    const openSync = fs.openSync.bind(fs)
    fs.openSync = (file, mode) => {
      modes.push(mode)
      return openSync(file, mode)
    }
    const ports = { fs, clock: systemClock, random: systemRandom, logger: silentLogger }
    const target = openOffline(ports, dir)
    for (const topic of ['segments', 'transactions', 'compacted']) {
      await readAll(target, topic, { isolationLevel: 'read_committed' })
    }
    await target.close()
    expect(new Set(modes)).toEqual(new Set(['r']))
    expect(fs.changes).toEqual([])
  })

  it('answer who has what, and refuse the rest', async () => {
    const dir = path.join(temporaryDirectory(), 'logs')
    copyGolden(dir, ['none', 'trimmed'])
    writeMeta(dir, 3)
    const { admin } = open(dir)
    expect(await admin.describeTopics(['none'])).toEqual([
      expect.objectContaining({
        name: 'none',
        partitions: [expect.objectContaining({ partition: 0, replicas: [3], isr: [], leaderEpoch: -1 })],
      }),
    ])
    const trimmed = { topic: 'trimmed', partition: 0 }
    const [earliest] = await admin.listOffsets([{ ...trimmed, spec: 'earliest' }])
    expect(earliest?.offset).toBe(20)
    await expect(admin.createTopics([{ name: 'new' }])).rejects.toThrow(
      /only reads\) does not serve CreateTopics/,
    )
    await expect(admin.deleteRecords([{ ...trimmed, beforeOffset: 25 }])).rejects.toThrow(
      /--offline only reads\) does not serve DeleteRecords/,
    )
    const topics = await admin.listTopics()
    expect(topics.map(({ name }) => name)).toEqual(['none', 'trimmed'])
  })

  it('know where leader epochs end, and how large logs are', async () => {
    const dir = path.join(temporaryDirectory(), 'logs')
    copyGolden(dir, ['segments'])
    writeMeta(dir, 3)
    writeFileSync(path.join(dir, 'segments-0', 'leader-epoch-checkpoint'), '0\n2\n0 0\n4 30\n')
    const { target } = open(dir)
    const [address] = target.clientOptions.bootstrap
    const options = { clock: systemClock, clientId: 'test', connectTimeoutMs: 1000, requestTimeoutMs: 5000 }
    const connection = await Connection.open(
      target.clientOptions.network,
      defined(address, 'address'),
      options,
    )
    const asked = (leaderEpoch: number) => ({ partition: 0, currentLeaderEpoch: -1, leaderEpoch })
    const epochs = await connection.send(offsetForLeaderEpoch, {
      topics: [{ topic: 'segments', partitions: [asked(0), asked(4), asked(9)] }],
    })
    const ends = epochs.topics[0]?.partitions.map(({ leaderEpoch, endOffset }) => [leaderEpoch, endOffset])
    expect(ends).toEqual([
      [0, 30],
      [4, 73],
      [-1, -1],
    ])
    const { results } = await connection.send(describeLogDirs, { topics: null })
    const sizes = [0, 16, 36, 56].map(
      (offset) => statSync(path.join(dir, 'segments-0', `${String(offset).padStart(20, '0')}.log`)).size,
    )
    expect(results).toMatchObject([
      {
        logDir: dir,
        topics: [
          {
            name: 'segments',
            partitions: [{ partitionIndex: 0, partitionSize: sizes.reduce((a, b) => a + b) }],
          },
        ],
      },
    ])
    connection.close()
  })

  it('find offsets by time', async () => {
    const dir = path.join(temporaryDirectory(), 'logs')
    copyGolden(dir, ['segments'])
    const { admin } = open(dir)
    const { records } = expectedOf('segments')
    for (const { offset, timestamp } of [records[0], records[20], records.at(-1)].flatMap(
      (each) => each ?? [],
    )) {
      const at = { topic: 'segments', partition: 0, spec: { timestampMs: timestamp } }
      expect(await admin.listOffsets([at])).toEqual([
        expect.objectContaining({ offset, timestampMs: timestamp }),
      ])
    }
    const late = { topic: 'segments', partition: 0, spec: { timestampMs: Number.MAX_SAFE_INTEGER } }
    expect(await admin.listOffsets([late])).toEqual([expect.objectContaining({ offset: -1 })])
  })

  it('are asked for small pieces too', async () => {
    const dir = path.join(temporaryDirectory(), 'logs')
    copyGolden(dir, ['segments'])
    const { target } = open(dir)
    const records = await readAll(target, 'segments', { maxPartitionFetchBytes: 1 })
    expect(records.map(({ offset }) => offset)).toEqual(
      expectedOf('segments').records.map(({ offset }) => offset),
    )
  })

  it('keep a partition out that has no directory', async () => {
    const dir = path.join(temporaryDirectory(), 'logs')
    copyGolden(dir, ['none'])
    cpSync(path.join(dir, 'none-0'), path.join(dir, 'none-2'), { recursive: true })
    const { target, warnings } = open(dir)
    const partitions = [0, 1, 2].map((partition) => ({ topic: 'none', partition }))
    expect(target.readable(partitions).map(({ partition }) => partition)).toEqual([0, 2])
    expect(target.failures).toBe(1)
    expect(warnings.at(-1)).toBe('none-1 is left out: it is in none of the directories')
  })
})

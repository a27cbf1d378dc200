/** Files that kcli has written, read by Apache Kafka's and ZooKeeper's own programs. */
import { createHash } from 'node:crypto'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { run, stopChild } from './support/child.ts'
import { JavaDriver, javaArgs, toolsJvmFlags } from './support/driver.ts'
import { freePorts, requireManifest } from './support/environment.ts'
import { startZookeeper } from './support/kafka.ts'
import { kcatProduce } from './support/kcat.ts'
import { createKcliHome, type KcliHome, kcli, startKcliCluster } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const LINES = Array.from({ length: 3_000 }, (_, i) => `line ${i} ${'x'.repeat(i % 90)}`)

describeInterop('files', ['kafka', 'driver', 'kcat'], () => {
  let home: KcliHome
  let java: JavaDriver

  beforeAll(async () => {
    home = createKcliHome()
    java = new JavaDriver()
    const cluster = await startKcliCluster(home)
    const target = ['--bootstrap-server', cluster.bootstrap]
    const created = await kcli(home, [
      ...['topics', 'create', 'filed', '--partitions', '3', '--replication-factor', '3'],
      ...['--config', 'segment.bytes=60000', '--config', 'index.interval.bytes=512', ...target],
    ])
    expect(created).toMatchObject({ code: 0 })
    for (const codec of CODECS) {
      const settings = { 'enable.idempotence': 'true', 'batch.num.messages': '50' }
      for (const partition of [0, 1, 2])
        await kcatProduce(cluster.bootstrap, 'filed', LINES, { partition, codec, settings })
    }
    expect(await cluster.stop()).toBe(0)
  })
  afterAll(async () => {
    await java?.close()
    home?.remove()
  })

  const brokerDir = (id: number) => path.join(home.dataDir, `broker-${id}`)
  const partitionDir = (id: number, partition: number) => path.join(brokerDir(id), `filed-${partition}`)
  const filesOf = (dir: string, suffix: string) =>
    readdirSync(dir)
      .filter((name) => name.endsWith(suffix))
      .sort()

  it('are the same in all three replicas', () => {
    for (const partition of [0, 1, 2]) {
      const digests = [0, 1, 2].map((id) => {
        const dir = partitionDir(id, partition)
        const logs = filesOf(dir, '.log')
        expect(logs.length).toBeGreaterThan(5)
        return logs.map((name) => [
          name,
          createHash('sha256')
            .update(readFileSync(path.join(dir, name)))
            .digest('hex'),
        ])
      })
      expect(digests[1]).toEqual(digests[0])
      expect(digests[2]).toEqual(digests[0])
    }
  })

  it.each([0, 1, 2])('are accepted by kafka-dump-log, all of broker %i', async (id) => {
    const dump = async (files: readonly string[], ...args: string[]) => {
      const { stdout, stderr, code } = await java.runTool('kafka-dump-log', [
        ...['--files', files.join(','), ...args],
      ])
      expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
      expect(stdout).not.toMatch(
        /Mismatches|Non-consecutive|invalid|isvalid: false|Ignoring|Could not|Found timestamp mismatch|out of order|Index timestamp/,
      )
      return stdout
    }
    for (const partition of [0, 1, 2]) {
      const dir = partitionDir(id, partition)
      const paths = (suffix: string) => filesOf(dir, suffix).map((name) => path.join(dir, name))
      const logs = await dump(paths('.log'), '--deep-iteration', '--print-data-log')
      const payloads = [...logs.matchAll(/^\| offset: (\d+) .* payload: (.*)$/gm)].map((match) => match[2])
      expect(payloads).toEqual(CODECS.flatMap(() => LINES))
      expect(logs.match(/compresscodec: \w+/g)).toEqual(
        expect.arrayContaining(CODECS.map((codec) => `compresscodec: ${codec}`)),
      )
      const indexes = await dump(paths('.index'), '--index-sanity-check')
      expect(indexes.match(/passed sanity check/g)).toHaveLength(paths('.index').length)
      expect(await dump(paths('.index'), '--verify-index-only')).not.toContain('Mismatches')
      const times = await dump(paths('.timeindex'), '--index-sanity-check')
      expect(times.match(/passed sanity check/g)).toHaveLength(paths('.timeindex').length)
      await dump(paths('.timeindex'), '--verify-index-only')
      const snapshots = await dump(paths('.snapshot'))
      expect(snapshots.match(/producerId: \d+/g)?.length).toBeGreaterThan(0)
    }
  })

  const END = CODECS.length * LINES.length
  const checkpoint = (id: number, name: string): [string, number][] => {
    const [version, count, ...entries] = readFileSync(path.join(brokerDir(id), name), 'utf8')
      .trimEnd()
      .split('\n')
    expect([version, count]).toEqual(['0', '3'])
    return entries.sort().map((entry) => {
      const space = entry.lastIndexOf(' ')
      return [entry.slice(0, space), Number(entry.slice(space + 1))]
    })
  }

  it('have checkpoints that agree with the logs', () => {
    const highWatermarks = new Map<string, number>()
    for (const id of [0, 1, 2]) {
      const ends = [0, 1, 2].map((partition) => [`filed ${partition}`, END])
      expect(checkpoint(id, 'recovery-point-offset-checkpoint')).toEqual(ends)
      // A follower hears of the high watermark with its next fetch, for which there was no time.
      for (const [name, offset] of checkpoint(id, 'replication-offset-checkpoint'))
        highWatermarks.set(name, Math.max(offset, highWatermarks.get(name) ?? 0))
      expect(readFileSync(path.join(partitionDir(id, 0), 'leader-epoch-checkpoint'), 'utf8')).toBe(
        '0\n1\n0 0\n',
      )
      expect(existsSync(path.join(brokerDir(id), '.kafka_cleanshutdown'))).toBe(true)
    }
    expect([...highWatermarks.values()]).toEqual([END, END, END])
  })

  it('are served by ZooKeeper 3.8', async () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-zookeeper-'))
    cpSync(path.join(home.dataDir, 'zookeeper'), path.join(dir, 'zookeeper'), { recursive: true })
    const [port = 0] = await freePorts(1)
    const server = await startZookeeper(dir, port)
    try {
      const address = `127.0.0.1:${port}`
      type Tree = Record<string, { data: string | null; ephemeral: boolean }>
      // It says that it is ready a moment before it listens.
      const znodes = await vi.waitFor(() => java.call<Tree>('znodes', { connect: address, path: '/' }), {
        timeout: 20_000,
        interval: 200,
      })
      const json = (node: string) => JSON.parse(znodes[node]?.data ?? 'null') as unknown
      expect(json('/brokers/topics/filed')).toMatchObject({
        version: 3,
        partitions: { 0: expect.any(Array) },
      })
      expect(json('/brokers/topics/filed/partitions/2/state')).toMatchObject({ leader_epoch: 0, version: 1 })
      expect(json('/config/topics/filed')).toEqual({
        version: 1,
        config: { 'segment.bytes': '60000', 'index.interval.bytes': '512' },
      })
      expect(json('/cluster/id')).toMatchObject({ version: '1', id: expect.any(String) })
      // Brokers and their controller are gone, and their znodes with them.
      expect(Object.values(znodes).filter(({ ephemeral }) => ephemeral)).toEqual([])
      const tool = javaArgs(
        'org.apache.zookeeper.ZooKeeperMain',
        requireManifest().toolsLogConfig,
        toolsJvmFlags,
      )
      const { stdout } = await run('java', [...tool, '-server', address, 'ls', '-R', '/'])
      const listed = stdout.split('\n').filter((line) => line.startsWith('/'))
      expect(listed.sort()).toEqual([...Object.keys(znodes)].sort())
    } finally {
      await stopChild(server, 'SIGKILL')
      rmSync(dir, { recursive: true, force: true })
    }
  })
})

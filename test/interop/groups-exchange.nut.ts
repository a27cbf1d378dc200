/** The groups that kcli has written, as Apache Kafka finds them, and the way back. */
import { cpSync, rmSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { JavaDriver } from './support/driver.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { kcat, kcatProduce } from './support/kcat.ts'
import { createKcliHome, type KcliHome, kcli, startKcliCluster } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

const BROKERS = [0, 1, 2]

describeInterop('groups of a directory', ['kafka', 'driver', 'kcat'], () => {
  let home: KcliHome
  let second: KcliHome
  let java: JavaDriver
  let kafka: KafkaCluster | undefined
  let described: string

  beforeAll(() => {
    home = createKcliHome()
    second = createKcliHome()
    java = new JavaDriver()
  })
  afterAll(async () => {
    await kafka?.stop()
    if (kafka !== undefined) rmSync(kafka.dir, { recursive: true, force: true })
    await java?.close()
    home?.remove()
    second?.remove()
  })

  const groupsTool = async (bootstrap: string, ...args: string[]) => {
    const result = await java.runTool('kafka-consumer-groups', ['--bootstrap-server', bootstrap, ...args])
    return result.stdout
      .split('\n')
      .map((line) => line.trimEnd())
      .filter((line) => line !== '')
      .sort()
      .join('\n')
  }
  const consume = async (bootstrap: string, group: string, count: number): Promise<string[]> => {
    const { stdout } = await java.runTool('kafka-console-consumer', [
      ...['--bootstrap-server', bootstrap, '--topic', 'orders', '--group', group, '--from-beginning'],
      ...['--max-messages', String(count), '--timeout-ms', '15000'],
    ])
    return stdout.split('\n').filter((line) => line !== '')
  }
  const inTransaction = (bootstrap: string) =>
    java.produce({ 'bootstrap.servers': bootstrap, 'transactional.id': 'mover' }, [
      ...[
        { begin: true },
        { send: [{ topic: 'orders', partition: 0, value: 'in a transaction' }] },
        { commit: true },
      ],
    ] as never)

  it('are written by kcli', async () => {
    const cluster = await startKcliCluster(home)
    const create = [
      'topics',
      'create',
      'orders',
      '--partitions',
      '2',
      '--bootstrap-server',
      cluster.bootstrap,
    ]
    expect(await kcli(home, [...create, '--replication-factor', '3'])).toMatchObject({ code: 0 })
    await kcatProduce(cluster.bootstrap, 'orders', ['a', 'b', 'c', 'd', 'e', 'f'])
    expect(await consume(cluster.bootstrap, 'readers', 4)).toEqual(['a', 'b', 'c', 'd'])
    expect(await consume(cluster.bootstrap, 'gone', 2)).toHaveLength(2)
    await groupsTool(cluster.bootstrap, '--delete', '--group', 'gone')
    await groupsTool(
      cluster.bootstrap,
      ...['--reset-offsets', '--group', 'by-hand', '--topic', 'orders:0', '--to-offset', '3', '--execute'],
    )
    described = await groupsTool(cluster.bootstrap, '--describe', '--all-groups')
    expect(described).toContain('by-hand')
    expect(await cluster.stop()).toBe(0)
  }, 60_000)

  it('are served by Apache Kafka', async () => {
    kafka = await startKafka({
      brokers: 3,
      config: { 'log.index.size.max.bytes': '100000' },
      prepare: (dir) => {
        for (const name of [...BROKERS.map((id) => `broker-${id}`), 'zookeeper'])
          cpSync(path.join(home.dataDir, name), path.join(dir, name), { recursive: true })
      },
    })
    const { bootstrap } = kafka
    await expect
      .poll(() => groupsTool(bootstrap, '--describe', '--all-groups'), { timeout: 30_000, interval: 500 })
      .toBe(described)
    expect(await consume(bootstrap, 'readers', 2)).toEqual(['e', 'f'])
    expect(await groupsTool(bootstrap, '--list')).toBe('by-hand\nreaders')
  }, 90_000)

  it('come back to kcli, with those that Kafka made', async () => {
    if (kafka === undefined) throw new Error('Kafka is not up')
    expect(await consume(kafka.bootstrap, 'of-kafka', 5)).toHaveLength(5)
    await inTransaction(kafka.bootstrap)
    const before = await groupsTool(kafka.bootstrap, '--describe', '--all-groups')
    await kafka.stop({ keepFiles: true, signal: 'SIGTERM' })
    const logDirs = BROKERS.map((id) => path.join(kafka?.dir ?? '', `broker-${id}`))
    const zookeeper = path.join(kafka.dir, 'zookeeper')
    const imported = await kcli(second, ['cluster', 'import', ...logDirs, '--zookeeper', zookeeper])
    expect(imported).toMatchObject({ code: 0, stderr: '' })
    const cluster = await startKcliCluster(second, { brokers: null })
    try {
      const after = await groupsTool(cluster.bootstrap, '--describe', '--all-groups')
      expect(withoutEnds(after)).toBe(withoutEnds(before))
      const { stdout } = await kcat([
        ...['-b', cluster.bootstrap, '-G', 'of-kafka', '-q', '-c', '2', '-f', '%s\n', 'orders'],
      ])
      expect(stdout).toBe('f\nin a transaction\n')
    } finally {
      expect(await cluster.stop()).toBe(0)
    }
  }, 90_000)
})

/** A coordinator that moves while Kafka's brokers stop may mark the end of a transaction once more: 8 or 9. */
function withoutEnds(described: string): string {
  return described.replace(/( orders +0 +\d+ +)[89] +\d+/g, '$1END')
}

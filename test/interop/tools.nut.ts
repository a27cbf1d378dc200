/** Apache Kafka's own command line tools against `kcli cluster start`: the same text as from Apache Kafka's brokers. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ToolName } from './support/driver.ts'
import { type Pair, startPair, type Target, type ToolOptions } from './support/pair.ts'
import { describeInterop } from './support/suite.ts'

const PLACED = '0:1:2,1:2:0,2:0:1'

describeInterop("Apache Kafka's tools", ['kafka', 'driver', 'kcat'], () => {
  let pair: Pair

  beforeAll(async () => {
    pair = await startPair()
  })
  afterAll(() => pair?.stop())

  const same = (name: ToolName, args: string, options: ToolOptions = {}) =>
    pair.sameTool(name, args === '' ? [] : args.split(' '), options)

  const sameSorted = (name: ToolName, args: string) =>
    pair.same(async (target) => {
      const { stdout, stderr, code } = await pair.tool(target, name, args.split(' '))
      return { lines: stdout.split('\n').sort(), stderr, code }
    })

  /** Until every broker has heard of the change. */
  const settled = async (topic: string, partitions: number) => {
    for (const target of [pair.kcli, pair.apache]) {
      await expect
        .poll(() => metadataOf(target, topic), { timeout: 20_000, interval: 100 })
        .toEqual(Array.from(target.ports, () => partitions))
    }
  }
  /** How many partitions of the topic have a leader and all replicas in sync, on each broker. */
  const metadataOf = (target: Target, topic: string) =>
    Promise.all(
      target.ports.map(async (port) => {
        const topics = [{ name: topic, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }]
        const body = { topics, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false }
        const { response } = await pair.java.send({ port, apiKey: 3, version: 12, body })
        const [answer] = (response as { topics: { partitions: PartitionState[] }[] }).topics
        return (answer?.partitions ?? []).filter(
          (one) => one.leaderId >= 0 && one.isrNodes.length === one.replicaNodes.length,
        ).length
      }),
    )
  interface PartitionState {
    leaderId: number
    isrNodes: number[]
    replicaNodes: number[]
  }
  const create = async (topic: string, args = `--replica-assignment ${PLACED}`, partitions = 3) => {
    await same('kafka-topics', `--create --topic ${topic} ${args}`)
    await settled(topic, partitions)
  }

  it('kafka-topics: creates, lists, describes', async () => {
    await create(
      'orders',
      `--replica-assignment ${PLACED} --config retention.ms=3600000 --config cleanup.policy=compact,delete`,
    )
    await create('with.dot', '--replica-assignment 1', 1)
    await same('kafka-topics', '--list')
    await same('kafka-topics', '--list --topic or.*')
    const { stdout } = await same('kafka-topics', '--describe --topic orders')
    expect(stdout).toContain('Topic: orders\tPartition: 2\tLeader: 2\tReplicas: 2,0,1\tIsr: 2,0,1')
    await sameSorted('kafka-topics', '--describe')
    for (const filter of ['under-replicated', 'unavailable', 'under-min-isr', 'at-min-isr'])
      await same('kafka-topics', `--describe --${filter}-partitions`)
    await same('kafka-topics', '--describe --topics-with-overrides')
    await same('kafka-topics', '--describe --exclude-internal --topic with.dot')
  })

  it('kafka-topics: creates with the defaults of the broker', async () => {
    await same('kafka-topics', '--create --topic defaults')
    await same('kafka-topics', '--create --topic spread --partitions 4 --replication-factor 2')
    await settled('spread', 4)
    await pair.same(async (target) => {
      const { stdout } = await pair.tool(target, 'kafka-topics', ['--describe', '--topic', 'spread'])
      return stdout.replaceAll(/(Leader|Replicas|Isr): [\d,]+/g, '$1: ANY')
    })
  })

  it.each([
    '--create --topic orders',
    '--create --topic orders --if-not-exists',
    '--create --topic with_dot',
    '--create --topic bad/name',
    '--create --topic ..',
    `--create --topic ${'n'.repeat(250)}`,
    '--create --topic many --replication-factor 4',
    '--create --topic many --replication-factor 0',
    '--create --topic none --partitions 0',
    '--create --topic twice --replica-assignment 0:0',
    '--create --topic stranger --replica-assignment 0:7',
    '--create --topic uneven --replica-assignment 0:1,2',
    '--create --topic badkey --config no.such.config=1',
    '--create --topic badvalue --config retention.ms=soon',
    '--create --topic badvalue --config cleanup.policy=burn',
    '--create --topic badvalue --config min.insync.replicas=0',
    '--describe --topic nowhere',
    '--describe --topic nowhere --if-exists',
    '--delete --topic nowhere',
    '--delete --topic nowhere --if-exists',
    '--alter --topic nowhere --partitions 3',
    '--alter --topic orders --partitions 2',
    '--alter --topic orders --partitions 3',
    '--alter --topic orders --partitions 4 --replica-assignment 0:1',
    '--alter --topic orders --partitions 0',
  ])('kafka-topics %s', async (args) => {
    const { stdout, stderr } = await same('kafka-topics', args)
    expect(`${stdout}${stderr}`).not.toContain('TimeoutException')
  })

  it('kafka-topics: adds partitions', async () => {
    await create('growing')
    await same(
      'kafka-topics',
      '--alter --topic growing --partitions 5 --replica-assignment 0:1:2,1:2:0,2:0:1,0:2:1,1:0:2',
    )
    await settled('growing', 5)
    const { stdout } = await same('kafka-topics', '--describe --topic growing')
    expect(stdout).toContain('Partition: 4\tLeader: 1\tReplicas: 1,0,2\tIsr: 1,0,2')
    await same('kafka-topics', '--alter --topic growing --partitions 7')
    await settled('growing', 7)
  })

  it('kafka-topics: deletes, and the name is free again', async () => {
    await create('short-lived')
    await same('kafka-topics', '--delete --topic short-lived')
    await settled('short-lived', 0)
    await same('kafka-topics', '--describe --topic short-lived')
    // Files and znodes go a moment after the metadata.
    const again = ['--create', '--topic', 'short-lived', '--replica-assignment', '2']
    await pair.same(async (target) => {
      for (;;) {
        const outcome = await pair.tool(target, 'kafka-topics', again)
        if (!outcome.stdout.includes('is marked for deletion')) return outcome
      }
    })
    await settled('short-lived', 1)
    await same('kafka-topics', '--delete --topic short-.*')
  })

  const fill = async (topic: string, count: number, args = '') => {
    const lines = Array.from({ length: count }, (_, i) => `key-${i}:value ${i}\n`).join('')
    await same(
      'kafka-console-producer',
      `--topic ${topic} --property parse.key=true --property key.separator=: ${args}`.trim(),
      { stdin: lines },
    )
  }

  it('kafka-console-producer and kafka-console-consumer', async () => {
    await create('console')
    await fill('console', 100)
    const ends = await same('kafka-get-offsets', '--topic console')
    let values: string[] = []
    for (const line of ends.stdout.trimEnd().split('\n')) {
      const [, partition, count] = line.split(':')
      const { stdout, code } = await same(
        'kafka-console-consumer',
        `--topic console --partition ${partition} --offset earliest --max-messages ${count} --property print.key=true`,
      )
      expect(code).toBe(0)
      values = [...values, ...stdout.trimEnd().split('\n')]
    }
    expect(values.sort()).toEqual(Array.from({ length: 100 }, (_, i) => `key-${i}\tvalue ${i}`).sort())
    await same('kafka-console-consumer', '--topic console --partition 0 --offset latest --timeout-ms 300')
    await same(
      'kafka-console-consumer',
      '--topic console --partition 1 --offset 3 --max-messages 4 --property print.offset=true --property print.partition=true',
    )
  })

  it.each(['gzip', 'snappy', 'lz4', 'zstd'])('kafka-console-producer with %s', async (codec) => {
    await create(`console-${codec}`, '--replica-assignment 0:1:2', 1)
    await fill(`console-${codec}`, 50, `--compression-codec ${codec}`)
    const { stdout } = await same(
      'kafka-console-consumer',
      `--topic console-${codec} --partition 0 --offset earliest --max-messages 50`,
    )
    expect(stdout.split('\n')).toHaveLength(51)
  })

  const logDirs = async (target: Target, args: string) => {
    const { stdout, stderr, code } = await pair.tool(target, 'kafka-log-dirs', args.split(' '))
    const json = stdout.split('\n').find((line) => line.startsWith('{')) ?? '{}'
    const answer = JSON.parse(json) as {
      brokers?: { broker: number; logDirs: { partitions: { partition: string }[] }[] }[]
    }
    const brokers = answer.brokers?.sort((a, b) => a.broker - b.broker)
    for (const { logDirs: dirs } of brokers ?? [])
      for (const dir of dirs) dir.partitions.sort((a, b) => (a.partition < b.partition ? -1 : 1))
    return { text: stdout.replace(json, ''), stderr, code, answer }
  }

  it('kafka-get-offsets and kafka-log-dirs, of records with known times', async () => {
    await create('measured', '--replica-assignment 0:1:2', 1)
    const steps = [3_000, 9_000, 5_000, 9_000, 7_000].flatMap((timestamp, i) => [
      { send: [{ topic: 'measured', timestamp, value: `value ${i}` }] },
      { flush: true } as const,
    ])
    await pair.same((target) =>
      pair.java.produce({ 'bootstrap.servers': target.bootstrap, acks: 'all' }, steps),
    )
    for (const time of ['earliest', 'latest', 'max-timestamp', '-3', '3000', '3001', '6000', '9001', '0'])
      await same('kafka-get-offsets', `--topic measured --time ${time}`)
    const { answer } = await pair.same((target) => logDirs(target, '--describe --topic-list measured,orders'))
    expect(answer.brokers).toHaveLength(3)
    await pair.same((target) => logDirs(target, '--describe --topic-list measured --broker-list 1'))
    await same('kafka-log-dirs', '--describe --broker-list 9')
  })

  it('kafka-get-offsets', async () => {
    await same('kafka-get-offsets', '--topic console')
    for (const time of ['earliest', 'latest', '-1', '-2', '0'])
      await same('kafka-get-offsets', `--topic-partitions console-gzip:0,console-zstd:0 --time ${time}`)
    await same('kafka-get-offsets', '--topic-partitions console:0-2')
    await same('kafka-get-offsets', '--topic nowhere')
    await same('kafka-get-offsets', '--topic console --exclude-internal-topics')
  })

  it('kafka-configs: topics', async () => {
    await same('kafka-configs', '--entity-type topics --entity-name orders --describe')
    await same('kafka-configs', '--entity-type topics --entity-name orders --describe --all')
    await same(
      'kafka-configs',
      '--entity-type topics --entity-name orders --alter --add-config retention.ms=7200000,segment.bytes=1000000',
    )
    await same('kafka-configs', '--entity-type topics --entity-name orders --describe')
    await same(
      'kafka-configs',
      '--entity-type topics --entity-name orders --alter --delete-config segment.bytes',
    )
    await same('kafka-configs', '--entity-type topics --entity-name orders --describe')
    await sameSorted('kafka-configs', '--entity-type topics --describe')
    await same(
      'kafka-configs',
      '--entity-type topics --entity-name orders --alter --add-config retention.ms=soon',
    )
    await same('kafka-configs', '--entity-type topics --entity-name orders --alter --add-config no.such=1')
    await same('kafka-configs', '--entity-type topics --entity-name orders --alter --delete-config no.such')
    await same('kafka-configs', '--entity-type topics --entity-name nowhere --describe')
    await same(
      'kafka-configs',
      '--entity-type topics --entity-name nowhere --alter --add-config retention.ms=1000',
    )
  })

  it('kafka-configs: brokers', async () => {
    await same('kafka-configs', '--entity-type brokers --entity-name 1 --describe')
    await same('kafka-configs', '--entity-type brokers --entity-default --describe')
    await same(
      'kafka-configs',
      '--entity-type brokers --entity-default --alter --add-config log.retention.ms=86400000',
    )
    await same(
      'kafka-configs',
      '--entity-type brokers --entity-name 1 --alter --add-config log.cleaner.threads=2',
    )
    for (const entity of ['--entity-name 1', '--entity-default', '--entity-name 2'])
      await expect
        .poll(
          async () => {
            const args = `--entity-type brokers ${entity} --describe`.split(' ')
            const [ours, theirs] = [
              await pair.tool(pair.kcli, 'kafka-configs', args),
              await pair.tool(pair.apache, 'kafka-configs', args),
            ]
            return ours.stdout === theirs.stdout || `${ours.stdout}\n--- Apache:\n${theirs.stdout}`
          },
          { timeout: 10_000 },
        )
        .toBe(true)
    await same('kafka-configs', '--entity-type brokers --entity-name 1 --alter --add-config broker.id=9')
    await same(
      'kafka-configs',
      '--entity-type brokers --entity-name 1 --alter --add-config log.retention.ms=soon',
    )
    await same(
      'kafka-configs',
      '--entity-type brokers --entity-name 1 --alter --delete-config log.cleaner.threads',
    )
    await same(
      'kafka-configs',
      '--entity-type brokers --entity-default --alter --delete-config log.retention.ms',
    )
  })

  it('kafka-configs: all settings of a broker', async () => {
    const own =
      /^\s+(broker\.id|listeners|log\.dirs|zookeeper\.connect|advertised\.listeners|inter\.broker\.listener\.name|listener\.security\.protocol\.map|node\.id)=/
    await pair.same(async (target) => {
      const args = '--entity-type brokers --entity-name 1 --describe --all'.split(' ')
      const { stdout } = await pair.tool(target, 'kafka-configs', args)
      return stdout.split('\n').filter((line) => !own.test(line))
    })
  })

  it('kafka-broker-api-versions', async () => {
    const versions = async (target: Target) => {
      const { stdout, stderr, code } = await pair.tool(target, 'kafka-broker-api-versions', [])
      expect({ stderr, code }).toEqual({ stderr: '', code: 0 })
      const brokers = stdout.split(/^(?=HOST)/m).sort()
      return brokers.map((broker) => broker.trimEnd().split('\n'))
    }
    const ours = await versions(pair.kcli)
    const theirs = await versions(pair.apache)
    const supported = (lines: string[]) => lines.filter((line) => !line.includes('UNSUPPORTED'))
    for (const [id, lines] of ours.entries()) {
      // What is served is served in all of Apache Kafka's versions; the rest is told apart in every line.
      expect(theirs[id]).toEqual(expect.arrayContaining(supported(lines)))
      expect(lines).toHaveLength(theirs[id]?.length ?? 0)
      expect(supported(lines).length).toBeGreaterThan(22)
    }
  })

  it('kafka-delete-records', async () => {
    const { writeFile, rm } = await import('node:fs/promises')
    const os = await import('node:os')
    const path = await import('node:path')
    const file = path.join(os.tmpdir(), `kcli-delete-records-${process.pid}.json`)
    const trim = async (...partitions: { topic: string; partition: number; offset: number }[]) => {
      await writeFile(file, JSON.stringify({ version: 1, partitions }))
      await same('kafka-delete-records', `--offset-json-file ${file}`)
    }
    try {
      await trim({ topic: 'console-gzip', partition: 0, offset: 20 })
      await trim({ topic: 'console-lz4', partition: 0, offset: -1 })
      await trim({ topic: 'console-gzip', partition: 0, offset: 1_000 })
      await trim({ topic: 'console-gzip', partition: 0, offset: 10 })
    } finally {
      await rm(file, { force: true })
    }
    await same('kafka-get-offsets', '--topic-partitions console-gzip:0,console-lz4:0 --time earliest')
    const { stdout } = await same(
      'kafka-console-consumer',
      '--topic console-gzip --partition 0 --offset earliest --max-messages 1',
    )
    expect(stdout).toBe('value 20\n')
  })

  it('kafka-producer-perf-test', async () => {
    await create('perf')
    const { kcli, java } = pair
    const { stdout, code } = await java.runTool('kafka-producer-perf-test', [
      ...['--topic', 'perf', '--num-records', '20000', '--record-size', '100', '--throughput', '-1'],
      ...['--producer-props', `bootstrap.servers=${kcli.bootstrap}`, 'acks=all', 'compression.type=lz4'],
    ])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^20000 records sent, .* records\/sec/)
    const offsets = await pair.tool(kcli, 'kafka-get-offsets', ['--topic', 'perf'])
    const ends = offsets.stdout
      .trimEnd()
      .split('\n')
      .map((line) => Number(line.split(':')[2]))
    expect(ends.reduce((a, b) => a + b)).toBe(20_000)
  })
})

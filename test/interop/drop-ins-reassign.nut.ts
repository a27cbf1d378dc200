/** kafka-reassign-partitions beside Kafka's own, on the same brokers with two directories each. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { kafkaReassignPartitions } from '../../src/cli/kafka-tools/reassign-partitions/kafka-reassign-partitions.ts'
import { JavaDriver } from './support/driver.ts'
import { DropInComparison, type Printed } from './support/drop-ins.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { describeInterop } from './support/suite.ts'

interface Entry {
  readonly topic: string
  readonly partition: number
  readonly replicas: readonly unknown[]
  readonly log_dirs?: readonly string[]
}

const at = (topic: string, partition: number, ...replicas: number[]): Entry => ({
  topic,
  partition,
  replicas,
})
const plan = (...partitions: readonly Entry[]) => JSON.stringify({ version: 1, partitions })

/** Files by the names that rows have for them. `own%` is each side's own topic, DIR what holds the brokers' directories. */
const FILES: Readonly<Record<string, string>> = {
  'empty.json': '',
  'list.json': '[]',
  'object.json': '{}',
  'version-2.json': '{"version":2,"partitions":[]}',
  'version-text.json': '{"version":"1"}',
  'no-list.json': '{"partitions":{}}',
  'no-replicas.json': '{"partitions":[{"topic":"own%","partition":0}]}',
  'replicas-text.json': plan({ topic: 'own%', partition: 0, replicas: ['0'] }),
  'replicas-none.json': plan(at('own%', 0)),
  'twice.json': plan(at('a', 0, 0), at('a', 0, 1), at('b', 1, 1), at('b', 1, 1)),
  'replicas-twice.json': plan(at('own%', 0, 0, 0), at('own%', 1, 1, 2, 1, 2)),
  'dirs-few.json': plan({ ...at('own%', 0, 0, 1), log_dirs: ['any'] }),
  'brokers-unknown.json': plan(at('own%', 0, 7, 9)),
  'topic-unknown.json': plan(at('nowhere', 0, 0)),
  'topic-invalid.json': plan(at('a/b', 0, 0)),
  'partition-unknown.json': plan(at('own%', 7, 0)),
  'partition-next.json': plan(at('own%', 3, 0)),
  'move.json': plan(at('own%', 0, 1), at('own%', 1, 1, 2), at('own%', 2, 2, 1)),
  'elsewhere.json': plan(at('own%', 0, 0)),
  'dirs.json': plan(
    { ...at('own%', 0, 1), log_dirs: ['DIR/broker-1-b'] },
    { ...at('own%', 1, 1, 2), log_dirs: ['any', 'DIR/broker-2-b'] },
  ),
  'dirs-other.json': plan({ ...at('own%', 0, 1), log_dirs: ['DIR/broker-1'] }),
  'dirs-invalid.json': plan({ ...at('own%', 0, 1), log_dirs: ['/no/such/dir'] }),
  'slow.json': plan(at('own%-big', 0, 1), at('own%-big', 1, 1, 2)),
  'topics.json': '{"topics":[{"topic":"own%"}],"version":1}',
  'topics-single.json': '{"topics":[{"topic":"own%-single"}]}',
  'topics-twice.json': '{"topics":[{"topic":"b"},{"topic":"a"},{"topic":"a"},{"topic":"b"}]}',
  'topics-unknown.json': '{"topics":[{"topic":"nowhere"}]}',
}

describeInterop('kafka-reassign-partitions', ['kafka', 'driver'], () => {
  let kafka: KafkaCluster
  let java: JavaDriver
  let dir: string

  beforeAll(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-drop-ins-'))
    java = new JavaDriver()
    const brokerConfig = (id: number, _port: number, home: string) => ({
      'log.dirs': `${home}/broker-${id},${home}/broker-${id}-b`,
    })
    kafka = await startKafka({ brokers: 3, brokerConfig })
    const create = (topic: string, assignment: string) =>
      java.runTool(
        'kafka-topics',
        ['--bootstrap-server', kafka.bootstrap, '--create', '--topic', topic].concat(
          '--replica-assignment',
          assignment,
        ),
      )
    for (const side of ['x', 'y']) {
      for (const [name, text] of Object.entries(FILES)) {
        const own = text.replaceAll('own%', `own${side}`).replaceAll('DIR', kafka.dir)
        writeFileSync(path.join(dir, `${side}-${name}`), own)
      }
      await create(`own${side}`, '0:1,1:2,2:0')
      await create(`own${side}-single`, '0,1')
      await create(`own${side}-big`, '0,1')
      // A quota lets one fetch of 1 MB pass in 11 s: enough that the slow moves outlast the commands that look at them.
      const value = 'v'.repeat(500_000)
      const send = [0, 1].flatMap((partition) =>
        Array.from({ length: 30 }, () => ({ topic: `own${side}-big`, partition, value })),
      )
      await java.produce({ 'bootstrap.servers': kafka.bootstrap }, [{ send }, { flush: true }])
    }
  })
  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
    rmSync(dir, { recursive: true, force: true })
  })

  /** Words that end in .json are files of that side. */
  const same = async (line: string) => {
    const name = 'kafka-reassign-partitions'
    const words = line.replaceAll(/(?<=^| )(?=[\w-]+\.json)/g, `${dir}/%-`)
    // Of two topics that do not exist Kafka's tool names the one that it hears of first.
    const neutral = ({ out, err, code }: Printed) => ({
      out: out.replace(/(?<=The topic )'[ab]'(?= does not exist)/, "'a or b'"),
      ...{ err, code },
    })
    return new DropInComparison(java, name, kafkaReassignPartitions, kafka.bootstrap).same(words, neutral)
  }

  it.each([
    '',
    '--help',
    '--version',
    '--nosuch',
    '--list',
    '--list --verify',
    '@',
    '@ --list',
    '@ --list --throttle 5',
    '@ --verify',
    '@ --execute',
    '@ --generate --broker-list 0',
    '@ --verify --reassignment-json-file /no/such/file',
    '@ --verify --reassignment-json-file x --additional',
    '@ --verify --reassignment-json-file x --topics-to-move-json-file y',
    '@ --cancel --reassignment-json-file x --throttle 1',
    '@ --execute --reassignment-json-file x --preserve-throttles',
    '@ --list --command-config /no/such/file',
    '--bootstrap-server x --list',
    '@ --execute --reassignment-json-file move.json --throttle x',
    '@ --execute --reassignment-json-file move.json --timeout 99999999999999999999',
    '@ --execute --reassignment-json-file empty.json',
    '@ --execute --reassignment-json-file list.json',
    '@ --execute --reassignment-json-file object.json',
    '@ --verify --reassignment-json-file object.json',
    '@ --cancel --reassignment-json-file object.json',
    '@ --execute --reassignment-json-file version-2.json',
    '@ --execute --reassignment-json-file version-text.json',
    '@ --execute --reassignment-json-file no-list.json',
    '@ --execute --reassignment-json-file no-replicas.json',
    '@ --execute --reassignment-json-file replicas-text.json',
    '@ --execute --reassignment-json-file replicas-none.json',
    '@ --execute --reassignment-json-file twice.json',
    '@ --execute --reassignment-json-file replicas-twice.json',
    '@ --execute --reassignment-json-file dirs-few.json',
    '@ --execute --reassignment-json-file brokers-unknown.json',
    '@ --execute --reassignment-json-file topic-unknown.json',
    '@ --execute --reassignment-json-file topic-invalid.json',
    '@ --execute --reassignment-json-file partition-unknown.json',
    '@ --verify --reassignment-json-file twice.json',
    '@ --verify --reassignment-json-file topic-unknown.json',
    '@ --verify --reassignment-json-file topic-invalid.json',
    '@ --verify --reassignment-json-file partition-unknown.json',
    '@ --verify --reassignment-json-file partition-next.json',
    '@ --verify --reassignment-json-file move.json',
    '@ --cancel --reassignment-json-file move.json',
    '@ --cancel --reassignment-json-file move.json --preserve-throttles',
    '@ --generate --topics-to-move-json-file topics-single.json --broker-list 2',
    '@ --generate --topics-to-move-json-file topics-single.json --broker-list 2 --disable-rack-aware',
    '@ --generate --topics-to-move-json-file topics.json --broker-list 2',
    '@ --generate --topics-to-move-json-file topics-single.json --broker-list 9',
    '@ --generate --topics-to-move-json-file topics-single.json --broker-list a',
    '@ --generate --topics-to-move-json-file topics-single.json --broker-list 2,1,2,1',
    '@ --generate --topics-to-move-json-file topics-single.json --broker-list ,',
    '@ --generate --topics-to-move-json-file topics-twice.json --broker-list 2',
    '@ --generate --topics-to-move-json-file topics-unknown.json --broker-list 2',
    '@ --generate --topics-to-move-json-file object.json --broker-list 2',
    '@ --generate --topics-to-move-json-file version-2.json --broker-list 2',
    '@ --generate --topics-to-move-json-file empty.json --broker-list 2',
  ])('%s', async (line) => {
    await same(line)
  })

  const settled = async () => {
    const words = ['--bootstrap-server', kafka.bootstrap, '--list']
    const list = async () => (await java.runTool('kafka-reassign-partitions', words)).stdout
    await expect.poll(list, { timeout: 60_000 }).toBe('No partition reassignments found.\n')
  }
  const configs = async (type: string, name: string) => {
    const words = [
      '--bootstrap-server',
      kafka.bootstrap,
      '--describe',
      '--entity-type',
      type,
      '--entity-name',
      name,
    ]
    return (await java.runTool('kafka-configs', words)).stdout
  }

  describe('moves', () => {
    it('between brokers and between directories', async () => {
      await same('@ --execute --reassignment-json-file move.json --additional')
      await settled()
      await same('@ --verify --reassignment-json-file move.json')
      await same('@ --verify --reassignment-json-file elsewhere.json')
      await same(
        '@ --execute --reassignment-json-file dirs.json --replica-alter-log-dirs-throttle 1000000 --additional',
      )
      await settled()
      const verify = async () =>
        (await same('@ --verify --reassignment-json-file dirs.json --preserve-throttles')).out
      await expect.poll(verify, { timeout: 60_000 }).not.toMatch(/in progress|is being moved/)
      await same('@ --verify --reassignment-json-file dirs-other.json')
      await same('@ --cancel --reassignment-json-file dirs.json')
      await same('@ --execute --reassignment-json-file dirs-invalid.json --additional')
    })

    it('that are throttled, listed, cancelled', async () => {
      await settled()
      await same(
        '@ --execute --reassignment-json-file slow.json --throttle 1000 --replica-alter-log-dirs-throttle 2000 --additional',
      )
      await same('@ --execute --reassignment-json-file slow.json')
      await same('@ --execute --reassignment-json-file slow.json --throttle 1100 --additional')
      expect(await configs('topics', 'owny-big')).toBe(
        (await configs('topics', 'ownx-big')).replaceAll('ownx', 'owny'),
      )
      for (const broker of ['0', '1', '2'])
        expect(await configs('brokers', broker)).toContain('leader.replication.throttled.rate=1100 ')
      await same('@ --list')
      await same('@ --verify --reassignment-json-file slow.json')
      await same('@ --cancel --reassignment-json-file slow.json --preserve-throttles')
      // What only adds a replica is not cancelled.
      expect((await same('@ --list')).out).toContain('own%-big-1: ')
      await same('@ --cancel --reassignment-json-file slow.json --preserve-throttles')
      await same('@ --execute --reassignment-json-file slow.json --throttle 100000000 --additional')
      await settled()
      await same('@ --verify --reassignment-json-file slow.json')
      expect(await configs('topics', 'owny-big')).toBe('Dynamic configs for topic owny-big are:\n')
    })
  })
})

/** Records from kcli to Apache Kafka and back as NDJSON: with every byte, and as Kafka's own tool prints them. */
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { hostileLine, hostileRecord } from '../support/hostile-records.ts'
import { testRandom } from '../support/seed.ts'
import { JavaDriver } from './support/driver.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { createKcliHome, type KcliHome, kcli } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

const PARTITIONS = 2

describeInterop('NDJSON', ['kafka', 'driver'], () => {
  let kafka: KafkaCluster
  let home: KcliHome
  let java: JavaDriver
  const { seed, random } = testRandom()

  beforeAll(async () => {
    home = createKcliHome()
    java = new JavaDriver()
    kafka = await startKafka()
  })
  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
    home?.remove()
  })

  const ok = async (args: readonly string[], stdin?: string) => {
    const result = await kcli(home, args, stdin === undefined ? {} : { stdin })
    expect(result, `${args.join(' ')}, seed ${seed}`).toMatchObject({ code: 0 })
    return result.stdout
  }

  it('gives records back that a broker of Apache Kafka has kept', async () => {
    const there = ['-b', kafka.bootstrap]
    const create = [
      '--partitions',
      `${PARTITIONS}`,
      '--replication-factor',
      '1',
      '--config',
      'retention.ms=-1',
    ]
    await ok(['topics', 'create', 'source', 'back', ...create])
    await ok(['topics', 'create', 'copy', ...create, ...there])
    const lines = Array.from({ length: 300 }, () => hostileLine(hostileRecord(random, PARTITIONS)))
    await ok(['produce', 'source', '-i', 'ndjson'], lines.join(''))
    const read = await ok(['consume', 'source', '-o', 'ndjson'])
    await ok(['produce', 'copy', '-i', 'ndjson', ...there], read)
    const kept = await ok(['consume', 'copy', '-o', 'ndjson', ...there])
    await ok(['produce', 'back', '-i', 'ndjson'], kept)
    const back = await ok(['consume', 'back', '-o', 'ndjson'])
    const plain = (text: string) =>
      text
        .split('\n')
        .map((line) => line.replace(/^\{"topic":"\w+",/, ''))
        .sort()
    expect(plain(kept), `seed ${seed}`).toEqual(plain(read))
    expect(plain(back), `seed ${seed}`).toEqual(plain(read))

    // Kafka's tool reads the files of both sides.
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const [ours, theirs] = [
        await dumped(java, logDirOf(home.dataDir, `source-${partition}`)),
        await dumped(java, path.join(kafka.logDir(0), `copy-${partition}`)),
      ]
      expect(ours.length, `seed ${seed}`).toBeGreaterThan(50)
      expect(theirs, `seed ${seed}`).toEqual(ours)
    }
  })
})

function logDirOf(dataDir: string, partition: string): string {
  const broker = readdirSync(dataDir).find(
    (name) => name.startsWith('broker-') && readdirSync(path.join(dataDir, name)).includes(partition),
  )
  return path.join(dataDir, broker ?? '', partition)
}

/** Without what may differ: where batches and segments end, and whose numbers they bear. */
async function dumped(java: JavaDriver, folder: string): Promise<string[]> {
  const logs = readdirSync(folder)
    .filter((name) => name.endsWith('.log'))
    .sort()
  const files = logs.map((name) => path.join(folder, name)).join(',')
  const { stdout } = await java.runTool('kafka-dump-log', ['--print-data-log', '--files', files])
  const records = stdout.split('\n| ').slice(1)
  return records.map(
    (text) =>
      text
        .split(/\n(?:baseOffset|Dumping)/)[0]
        ?.replace(/sequence: -?\d+/, '')
        .trimEnd() ?? '',
  )
}

/**
 * Records per second of one producer and one consumer: kcli's and Kafka's own performance tests in pairs, each against an
 * Apache Kafka broker and a kcli broker. Both have the same flags and print the same lines; the figures are theirs.
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { median, number, table } from './measure.mjs'

const sizeBytes = 100
const partitions = 3

export async function clients({ support, records = 2_000_000, rounds = 3, kafkaWanted, kcliWanted }) {
  const missing = support.missingReason(['kafka', 'driver'])
  if (missing) return console.log(`clients: not measured: ${missing}`)
  const targets = []
  let java
  try {
    java = new support.JavaDriver()
    if (kafkaWanted) {
      const kafka = await support.startKafka({ jvmFlags: support.kafkaServerFlags })
      targets.push({ name: 'Kafka', bootstrap: kafka.bootstrap, stop: () => kafka.stop() })
    }
    if (kcliWanted) {
      const home = support.createKcliHome()
      const cluster = await support.startKcliCluster(home, { brokers: 1 })
      targets.push({
        name: 'kcli',
        bootstrap: cluster.bootstrap,
        stop: () => cluster.stop().finally(() => home.remove()),
      })
    }
    const results = new Map()
    const note = (key, tool, perSecond) => {
      if (!results.has(key)) results.set(key, { kcli: [], Kafka: [] })
      results.get(key)[tool].push(perSecond)
    }
    // The first round warms the brokers up and does not count.
    for (let round = 0; round <= rounds; round++) {
      for (const target of targets) {
        const topic = `clients-${round}`
        const where = ['--bootstrap-server', target.bootstrap]
        const layout = ['--partitions', String(partitions), '--replication-factor', '1']
        await admin(java, [...where, '--create', '--topic', topic, ...layout])
        // Who begins has the colder broker: the two take turns.
        const tools = round % 2 === 0 ? ['kcli', 'Kafka'] : ['Kafka', 'kcli']
        for (const work of ['produce', 'consume']) {
          for (const tool of tools) {
            const perSecond = await measure(support, tool, work, target, topic, records)
            if (round > 0) note(`${work}, ${target.name}'s broker`, tool, perSecond)
          }
        }
        await admin(java, [...where, '--delete', '--topic', topic])
      }
    }
    report(results)
  } finally {
    await java?.close()
    for (const target of targets) await target.stop()
  }
}

async function admin(java, args) {
  const result = await java.runTool('kafka-topics', args)
  if (result.code !== 0) throw new Error(`kafka-topics ${args.join(' ')}: ${result.stdout}${result.stderr}`)
}

const JAVA_CLASSES = {
  produce: 'org.apache.kafka.tools.ProducerPerformance',
  consume: 'org.apache.kafka.tools.ConsumerPerformance',
}

async function measure(support, tool, work, { bootstrap }, topic, records) {
  const flags =
    work === 'produce'
      ? ['--topic', topic, '--num-records', records, '--record-size', sizeBytes, '--throughput', -1]
      : ['--topic', topic, '--messages', records, '--bootstrap-server', bootstrap, '--hide-header']
  if (work === 'produce') flags.push('--producer-props', `bootstrap.servers=${bootstrap}`)
  const words = flags.map(String)
  const [command, args] =
    tool === 'kcli'
      ? [
          process.execPath,
          [path.join(support.repositoryDir, 'bin', 'run.js'), `kafka-${work}r-perf-test`, ...words],
        ]
      : ['java', [...javaCommand(support, JAVA_CLASSES[work]), ...words]]
  return perSecondOf(work, await output(support, command, args))
}

function javaCommand(support, mainClass) {
  return support.javaArgs(mainClass, support.requireManifest().toolsLogConfig, support.kafkaToolFlags)
}

/** Of the last line: what the producer was told is stored; what the consumer read when it had its partitions. */
function perSecondOf(work, text) {
  const line = text.trim().split('\n').at(-1) ?? ''
  const found = work === 'produce' ? /([\d.]+) records\/sec/.exec(line)?.[1] : line.split(', ')[9]
  if (found === undefined) throw new Error(`the ${work} test printed: ${text}`)
  return Number(found)
}

function output(support, command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { env: support.childEnv() })
    support.killWithUs(child)
    let [stdout, stderr] = ['', '']
    child.stdout.on('data', (chunk) => {
      stdout += chunk
    })
    child.stderr.on('data', (chunk) => {
      stderr += chunk
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(stdout)
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`))
    })
  })
}

function report(results) {
  const rows = [['records/s, one client', "Kafka's", "kcli's", 'kcli / Kafka']]
  for (const [key, { kcli, Kafka }] of [...results].sort(([a], [b]) => (a < b ? 1 : -1))) {
    const ratios = kcli.map((value, i) => value / Kafka[i])
    rows.push([key, number(median(Kafka)), number(median(kcli)), number(median(ratios), 2)])
  }
  table(rows)
}

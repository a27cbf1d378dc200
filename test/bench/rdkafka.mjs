/** Records per second of one librdkafka client, against kcli and Apache Kafka in turn. */
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { compileDriver, median, number, table } from './measure.mjs'

const partitions = 3
const sizeBytes = 100
const SETTLE_MS = 1500

export async function rdkafka({ support, records = 1_000_000, rounds = 3, kafkaWanted, kcliWanted }) {
  const missing = support.missingReason(['rdkafka', ...(kafkaWanted ? ['kafka', 'driver'] : [])])
  if (missing) return console.log(`rdkafka: not measured: ${missing}`)
  const dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-bench-'))
  const targets = []
  let java
  try {
    const driver = compileDriver(support.repositoryDir, dir)
    java = new support.JavaDriver()
    if (kafkaWanted) {
      const kafka = await support.startKafka({ brokers: 3, jvmFlags: support.kafkaServerFlags })
      targets.push({ name: 'Kafka', bootstrap: kafka.bootstrap, stop: () => kafka.stop() })
    }
    if (kcliWanted) {
      const home = support.createKcliHome()
      const cluster = await support.startKcliCluster(home, { brokers: 3 })
      targets.push({
        name: 'kcli',
        bootstrap: cluster.bootstrap,
        stop: () => cluster.stop().finally(() => home.remove()),
      })
    }
    const results = new Map()
    const note = (key, target, value) => {
      if (!results.has(key)) results.set(key, new Map())
      const perTarget = results.get(key)
      perTarget.set(target.name, [...(perTarget.get(target.name) ?? []), value])
    }
    // The first round warms both sides up (a JVM needs it most) and does not count.
    for (let round = 0; round <= rounds; round++) {
      for (const replicas of [1, 3]) {
        for (const acks of ['1', 'all']) {
          for (const target of targets) {
            const topic = `bench-${replicas}-${acks}-${round}`
            await admin(java, target, [
              '--create',
              '--topic',
              topic,
              '--partitions',
              String(partitions),
              '--replication-factor',
              String(replicas),
            ])
            const produced = await load(driver, support, [
              'produce',
              target.bootstrap,
              topic,
              String(partitions),
              String(records),
              String(sizeBytes),
              acks,
            ])
            // With acks=1 the followers lag, and nobody can read what they do not have yet: without a pause the reader
            // would be measured by how far the producer was ahead.
            await setTimeout(SETTLE_MS)
            const consumed = await load(driver, support, [
              'consume',
              target.bootstrap,
              topic,
              String(partitions),
              String(records),
            ])
            await admin(java, target, ['--delete', '--topic', topic])
            if (round === 0) continue
            note(
              `produce, ${replicas} replica${replicas > 1 ? 's' : ''}, acks=${acks}`,
              target,
              produced.perSecond,
            )
            note(`consume, ${replicas} replica${replicas > 1 ? 's' : ''}`, target, consumed.perSecond)
          }
        }
      }
    }
    report(results, targets)
  } finally {
    await java?.close()
    for (const target of targets) await target.stop()
    rmSync(dir, { recursive: true, force: true })
  }
}

async function admin(java, target, args) {
  const result = await java.runTool('kafka-topics', ['--bootstrap-server', target.bootstrap, ...args])
  if (result.code !== 0)
    throw new Error(`${target.name}: kafka-topics ${args.join(' ')}: ${result.stdout}${result.stderr}`)
}

function load(driver, support, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(driver, args, { env: support.childEnv() })
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
      if (code === 0) resolve(JSON.parse(stdout))
      else reject(new Error(`rdkafka-driver ${args.join(' ')} ended with ${code}: ${stdout}${stderr}`))
    })
  })
}

function report(results, targets) {
  const both = targets.length === 2
  const rows = [['records/s', ...targets.map((target) => target.name), ...(both ? ['kcli / Kafka'] : [])]]
  for (const [key, perTarget] of [...results].sort(([a], [b]) => (a < b ? 1 : -1))) {
    const medians = targets.map((target) => median(perTarget.get(target.name)))
    rows.push([
      key,
      ...medians.map((value) => number(value)),
      ...(both ? [number(medians[1] / medians[0], 2)] : []),
    ])
  }
  table(rows)
}

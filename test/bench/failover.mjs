/**
 * How long producers with acks=all wait when a leader dies and when it leaves in order, with and without the office of the
 * controller: kcli beside Apache Kafka on one ZooKeeper. What is left of a session when its broker is killed depends on
 * when it was last heard of, which is chance; what comes after the session's end is not, and is shown too.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { compileDriver, median, number, table } from './measure.mjs'
import { kafkaBrokers, kcliBrokers, sessionEnd, startZooKeeper } from './three-brokers.mjs'

const SESSION_MS = 6_000
const AT_MOST_MS = { SIGKILL: SESSION_MS + 300, SIGTERM: 100 }
const CONFIG = {
  'zookeeper.session.timeout.ms': String(SESSION_MS),
  'min.insync.replicas': '2',
  'auto.leader.rebalance.enable': 'false',
}
const CASES = [
  { name: 'leader killed', signal: 'SIGKILL', isController: false },
  { name: 'leader killed, which is the controller', signal: 'SIGKILL', isController: true },
  { name: 'leader stops', signal: 'SIGTERM', isController: false },
  { name: 'leader stops, which is the controller', signal: 'SIGTERM', isController: true },
]
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export async function failover({ support, kafkaWanted, kcliWanted, rounds = 5 }) {
  const home = support.createKcliHome()
  const producers = [kcliProducer(support)]
  const dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-bench-'))
  const started = []
  const results = new Map()
  let zookeeper
  let zk
  try {
    if (!support.missingReason(['rdkafka'])) {
      producers.push(rdkafkaProducer(support, compileDriver(support.repositoryDir, dir)))
    }
    zookeeper = await startZooKeeper(support, home, kafkaWanted)
    zk = await support.connectTo([zookeeper.port])
    if (kcliWanted) started.push(await kcliBrokers(support, zookeeper.port, CONFIG))
    if (kafkaWanted) started.push(await kafkaBrokers(support, zookeeper.port, CONFIG))
    for (let round = 0; round < rounds; round++) {
      for (const each of CASES) {
        for (const brokers of started) {
          for (const found of await measure({ support, zk, brokers, producers, each, round })) {
            const key = `${each.name}, ${found.producer}`
            const row = results.get(key) ?? { each, byTarget: new Map() }
            results.set(key, row)
            row.byTarget.set(brokers.name, [...(row.byTarget.get(brokers.name) ?? []), found])
          }
        }
      }
    }
  } finally {
    for (const brokers of started) await brokers.end()
    await zk?.close()
    await zookeeper?.stop()
    rmSync(dir, { recursive: true, force: true })
    home.remove()
  }
  report(
    results,
    started.map(({ name }) => name),
  )
}

/** All replicas are in sync at the beginning and the end; each producer has a topic of its own with the same leader. */
async function measure({ support, zk, brokers, producers, each, round }) {
  const ids = [0, 1, 2]
  const controller = await support.controllerOf(brokers.ports)
  const leader = each.isController ? controller : ids.find((id) => id !== controller)
  const topics = producers.map((_, i) => `failover-${round}-${CASES.indexOf(each)}-${i}`)
  await support.createAll(
    brokers.ports[controller],
    topics.map((name) => ({
      name,
      numPartitions: -1,
      replicationFactor: -1,
      assignments: [{ partitionIndex: 0, brokerIds: [leader, ...ids.filter((id) => id !== leader)] }],
    })),
  )
  const loads = producers.map(({ start }, i) => start(brokers.bootstrap, topics[i]))
  try {
    await Promise.all(loads.map((load) => load.progress(200)))
    const ended = sessionEnd(zk, brokers, leader)
    const sinceMs = performance.now()
    await brokers.stop(leader, each.signal)
    await Promise.all([ended, ...loads.map((load) => load.progress(100))])
    const endedMs = await ended
    return producers.map(({ name }, i) => {
      const { forMs, endMs } = loads[i].longestGap(sinceMs)
      return { producer: name, gapMs: forMs, afterMs: endMs - endedMs }
    })
  } finally {
    await Promise.all(loads.map((load) => load.stop()))
    await brokers.start(leader)
    for (const topic of topics) await inSync(support, brokers, topic)
  }
}

function kcliProducer(support) {
  const start = (bootstrap, topic) => {
    const load = new support.Load({ bootstrap, topic, partitions: 1, window: 5 })
    return {
      progress: (count) => load.progress(count),
      longestGap: (sinceMs) => load.longestGap(0, sinceMs),
      stop: () => load.stop(),
    }
  }
  return { name: 'kcli’s producer', start }
}

function rdkafkaProducer(support, driver) {
  const start = (bootstrap, topic) => {
    const child = spawn(driver, ['pace', bootstrap, topic], { env: support.childEnv() })
    support.killWithUs(child)
    const ended = once(child, 'close')
    // performance.now counts CLOCK_MONOTONIC from its own beginning.
    const originMs = Number(process.hrtime.bigint()) / 1e6 - performance.now()
    const times = []
    let rest = ''
    child.stdout.on('data', (chunk) => {
      const lines = `${rest}${chunk}`.split('\n')
      rest = lines.pop()
      for (const line of lines) times.push(Number(line) - originMs)
    })
    let errors = ''
    child.stderr.on('data', (chunk) => {
      errors += chunk
    })
    return {
      async progress(count) {
        const wanted = times.length + count
        const deadlineMs = performance.now() + 60_000
        while (times.length < wanted) {
          if (performance.now() > deadlineMs || child.exitCode !== null)
            throw new Error(`librdkafka got ${times.length} of ${wanted} acknowledgements: ${errors}`)
          await pause(10)
        }
      },
      longestGap: (sinceMs) => support.longestGap(times, sinceMs),
      async stop() {
        child.stdin.end()
        const [code] = await ended
        if (code !== 0 || errors.includes('delivery:'))
          throw new Error(`librdkafka ended with ${code}: ${errors}`)
      },
    }
  }
  return { name: 'librdkafka', start }
}

async function inSync(support, brokers, topic) {
  for (;;) {
    const args = ['topics', 'describe', topic, '-o', 'json', '--bootstrap-server', brokers.bootstrap]
    const { stdout } = await support.kcli(brokers.home, args)
    if (JSON.parse(stdout)[0].partitions[0].isr.length === 3) return
    await pause(100)
  }
}

function report(results, targets) {
  const columns = targets.flatMap((name) => [name, 'longest', 'after the end'])
  const rows = [['median gap between acknowledgements, ms', ...columns, 'at most']]
  for (const [key, { each, byTarget }] of results) {
    const cells = targets.flatMap((name) => {
      const found = byTarget.get(name)
      const gaps = found.map(({ gapMs }) => gapMs)
      const after = median(found.map(({ afterMs }) => afterMs))
      return [number(median(gaps)), number(Math.max(...gaps)), each.signal === 'SIGKILL' ? number(after) : '']
    })
    rows.push([key, ...cells, number(AT_MOST_MS[each.signal])])
  }
  table(rows)
}

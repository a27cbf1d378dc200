/**
 * A thousand partitions of three replicas on three brokers: how long until all of them are made and in sync, and, once
 * the session of a killed controller has ended, until another has given them leaders. kcli beside Apache Kafka.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { median, number, table } from './measure.mjs'
import { kafkaBrokers, kcliBrokers, sessionEnd, startZooKeeper } from './three-brokers.mjs'

const PARTITIONS = 1_000
const SHAPES = [
  { name: 'one topic', topics: 1 },
  { name: '1,000 topics', topics: PARTITIONS },
]
const CONFIG = {
  'zookeeper.session.timeout.ms': '6000',
  // They would move leaders, or expire, while something else is measured.
  'auto.leader.rebalance.enable': 'false',
  'log.initial.task.delay.ms': '3600000',
}

export async function controller({ support, kafkaWanted, kcliWanted, rounds = 3 }) {
  const targets = [...(kcliWanted ? [kcliBrokers] : []), ...(kafkaWanted ? [kafkaBrokers] : [])]
  const results = new Map()
  for (let round = 0; round < rounds; round++) {
    for (const shape of SHAPES) {
      for (const start of targets) {
        const { target, ...found } = await measure(support, start, shape, kafkaWanted)
        for (const [what, value] of Object.entries(found)) {
          const key = `${shape.name}: ${what}`
          const byTarget = results.get(key) ?? new Map()
          results.set(key, byTarget.set(target, [...(byTarget.get(target) ?? []), value]))
        }
      }
    }
  }
  report(results)
}

/** Everything fresh: the ZooKeeper, the directories, the brokers. */
async function measure(support, start, { topics }, kafkaWanted) {
  const home = support.createKcliHome()
  const zookeeper = await startZooKeeper(support, home, kafkaWanted)
  let brokers
  let zk
  try {
    brokers = await start(support, zookeeper.port, CONFIG)
    zk = await support.connectTo([zookeeper.port])
    const { ports } = brokers
    let id = -1
    while (id < 0) id = await support.controllerOf(ports)
    const wishes = Array.from({ length: topics }, (_, i) => ({
      name: `many-${i}`,
      numPartitions: PARTITIONS / topics,
      replicationFactor: 3,
    }))
    let answeredMs = 0
    let inPlaceMs = 0
    const waitMs = await support.longestWaitMs(ports, async () => {
      const beganMs = performance.now()
      await support.createAll(ports[id], wishes)
      answeredMs = performance.now() - beganMs
      await support.allInPlace(ports, PARTITIONS, [0, 1, 2])
      inPlaceMs = performance.now() - beganMs
    })
    await pause(1_000)
    const others = [0, 1, 2].filter((each) => each !== id)
    const ended = sessionEnd(zk, brokers, id)
    let failoverMs = 0
    const failoverWaitMs = await support.longestWaitMs(
      others.map((each) => ports[each]),
      async () => {
        await brokers.stop(id, 'SIGKILL')
        const endedMs = await ended
        await support.allInPlace(
          others.map((each) => ports[each]),
          PARTITIONS,
          others,
        )
        failoverMs = performance.now() - endedMs
      },
    )
    return {
      target: brokers.name,
      'created, ms': answeredMs,
      'created and in sync, ms': inPlaceMs,
      'longest wait of another client meanwhile, ms': waitMs,
      'controller killed, from the end of its session, ms': failoverMs,
      'longest wait of another client then, ms': failoverWaitMs,
    }
  } finally {
    await zk?.close()
    await brokers?.end()
    await zookeeper.stop()
    home.remove()
  }
}

function report(results) {
  const names = [...new Set([...results.values()].flatMap((byTarget) => [...byTarget.keys()]))]
  const both = names.length === 2
  const rows = [['medians', ...names, ...(both ? ['kcli / Kafka'] : [])]]
  for (const [key, byTarget] of results) {
    const medians = names.map((name) => median(byTarget.get(name)))
    rows.push([
      key,
      ...medians.map((value) => number(value)),
      ...(both ? [number(medians[0] / medians[1], 2)] : []),
    ])
  }
  table(rows)
}

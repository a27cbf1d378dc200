/** How long a producer with acks=all waits when a leader dies, and when it leaves in order: kcli beside Apache Kafka. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { median, number, table } from './measure.mjs'

const SESSION_MS = 6_000
const CONFIG = {
  'zookeeper.session.timeout.ms': String(SESSION_MS),
  'min.insync.replicas': '2',
  'auto.leader.rebalance.enable': 'false',
}
/** A session ends at a tick: with those of two seconds that is up to two seconds later. */
const QUICK_TICKS = { tickTime: '100', maxSessionTimeout: '60000' }
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

/** Both on a real ZooKeeper, or kcli's when there is none: who expires the session, and when, is then the same. */
export async function failover({ support, kafkaWanted, kcliWanted, rounds = 3 }) {
  const home = support.createKcliHome()
  const rows = [
    ['longest gap between acknowledgements, ms', 'leader killed', 'at most', 'leader stops', 'at most'],
  ]
  let stopZooKeeper = () => Promise.resolve()
  try {
    const [port] = await support.freePorts(1)
    if (kafkaWanted) {
      const child = await support.startZookeeper(home.dir, port, [], QUICK_TICKS)
      stopZooKeeper = () => support.stopChild(child, 'SIGKILL')
    } else {
      const config = path.join(home.dir, 'own.cfg')
      writeFileSync(
        config,
        `tickTime=${QUICK_TICKS.tickTime}\nmaxSessionTimeout=${QUICK_TICKS.maxSessionTimeout}\n`,
      )
      const flags = [config, '--data-dir', path.join(home.dir, 'zookeeper'), '--listen', `127.0.0.1:${port}`]
      const server = await support.startKcliServer(home, ['zookeeper', 'start', ...flags])
      stopZooKeeper = () => server.stop('SIGKILL')
    }
    if (kcliWanted) {
      const brokers = await support.BrokerProcesses.start(home, `127.0.0.1:${port}/kcli`, { config: CONFIG })
      const [killed, stopped] = await measure(support, brokers, rounds)
      rows.push(['kcli', number(killed), SESSION_MS + 300, number(stopped), 100])
    }
    if (kafkaWanted) {
      const brokers = await kafkaProcesses(support, path.join(home.dir, 'kafka'), `127.0.0.1:${port}/kafka`)
      const [killed, stopped] = await measure(support, brokers, rounds)
      rows.push(['Apache Kafka', number(killed), '', number(stopped), ''])
    }
  } finally {
    await stopZooKeeper()
    home.remove()
  }
  table(rows)
}

/** The medians of the gaps. Every round begins with all replicas in sync and the first one leading. */
async function measure(support, brokers, rounds) {
  const gaps = { SIGKILL: [], SIGTERM: [] }
  const tool = (...args) => support.kcli(brokers.home, [...args, '--bootstrap-server', brokers.bootstrap])
  try {
    for (let round = 0; round < rounds; round++) {
      for (const signal of ['SIGKILL', 'SIGTERM']) {
        const topic = `failover-${round}-${signal}`
        const leader = round % 3
        const replicas = [leader, (leader + 1) % 3, (leader + 2) % 3].join(':')
        const created = await tool('topics', 'create', topic, '--replica-assignment', replicas)
        if (created.code !== 0) throw new Error(created.stderr)
        const load = new support.Load({ bootstrap: brokers.bootstrap, topic, partitions: 1, window: 5 })
        let sinceMs
        try {
          await load.progress(200)
          sinceMs = performance.now()
          await brokers.stop(leader, signal)
          await load.progress(100)
        } catch (error) {
          load.abandon()
          throw error
        }
        await load.stop()
        gaps[signal].push(load.longestGapMs(sinceMs))
        await brokers.start(leader)
        await inSync(support, brokers, topic)
      }
    }
  } finally {
    await brokers.stopAll()
  }
  return [median(gaps.SIGKILL), median(gaps.SIGTERM)]
}

async function inSync(support, brokers, topic) {
  for (;;) {
    const args = ['topics', 'describe', topic, '-o', 'json', '--bootstrap-server', brokers.bootstrap]
    const { stdout } = await support.kcli(brokers.home, args)
    if (JSON.parse(stdout)[0].partitions[0].isr.length === 3) return
    await pause(100)
  }
}

/** Apache Kafka's brokers in the shape of BrokerProcesses. */
async function kafkaProcesses(support, dir, zookeeper) {
  const ports = await support.freePorts(3)
  const running = new Map()
  const start = async (id) => {
    for (;;) {
      try {
        running.set(
          id,
          await support.startKafkaBroker(dir, { id, port: ports[id], zookeeper, config: CONFIG }),
        )
        return
      } catch (error) {
        if (!String(error).includes('KeeperErrorCode = NodeExists')) throw error
      }
    }
  }
  const stop = async (id, signal) => {
    const child = running.get(id)
    running.delete(id)
    if (child) await support.stopChild(child, signal)
  }
  await Promise.all([0, 1, 2].map(start))
  return {
    home: support.createKcliHome(),
    get bootstrap() {
      return [...running.keys()].map((id) => `127.0.0.1:${ports[id]}`).join(',')
    },
    start,
    stop,
    stopAll: () => Promise.all([...running.keys()].map((id) => stop(id, 'SIGKILL'))),
  }
}

/**
 * Groups: how fast kcli's commands list and describe ten thousand of them, and how long fifty members over 200 partitions
 * need to settle, beside Apache Kafka, with the same members (they speak the protocol and nothing else).
 */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { median, number, table } from './measure.mjs'
import { kafkaBrokers, kcliBrokers, startZooKeeper } from './three-brokers.mjs'

const GROUPS = 10_000
const PARTITIONS_EACH = 4
const MEMBERS = 50
const AT_MOST_MS = 3_000
/** It takes milliseconds, and a busy machine makes each of them count. */
const SETTLED_PER_ROUND = 3
const CONFIG = {
  'group.initial.rebalance.delay.ms': '0',
  'offsets.topic.num.partitions': '50',
  'log.initial.task.delay.ms': '3600000',
}

export async function groups({ support, kafkaWanted, kcliWanted, records = GROUPS, rounds = 5 }) {
  const home = support.createKcliHome()
  const started = []
  let zookeeper
  try {
    zookeeper = await startZooKeeper(support, home, kafkaWanted)
    if (kcliWanted) started.push(await kcliBrokers(support, zookeeper.port, CONFIG))
    if (kafkaWanted) started.push(await kafkaBrokers(support, zookeeper.port, CONFIG))
    for (const { ports } of started) await support.makeGroups(ports, records, PARTITIONS_EACH)
    commands(support, home, started, records, rounds)
    await settling(support, started, rounds)
  } finally {
    for (const brokers of started) await brokers.end()
    await zookeeper?.stop()
    home.remove()
  }
}

function commands(support, home, started, count, rounds) {
  const run = path.join(support.repositoryDir, 'bin', 'run.js')
  const words = {
    'groups list': ['groups', 'list', '-o', 'name'],
    'groups describe': ['groups', 'describe', '-o', 'ndjson'],
    'groups lag --by group': ['groups', 'lag', '--by', 'group'],
    'kafka-consumer-groups --list': ['kafka-consumer-groups', '--list'],
    'kafka-consumer-groups --describe --all-groups': [
      ...['kafka-consumer-groups', '--describe', '--all-groups', '--timeout', '60000'],
    ],
  }
  const rows = Object.entries(words).map(([name, args]) => {
    const cells = started.map(({ bootstrap }) => {
      const all = [run, ...args, '--bootstrap-server', bootstrap]
      const times = Array.from({ length: rounds }, () => timeOf(all, support.childEnv(home.env)))
      return median(times)
    })
    const isLate = cells.some((ms) => ms > AT_MOST_MS)
    return [name, ...cells.map((ms) => number(ms)), isLate ? `over ${AT_MOST_MS}` : '']
  })
  console.log(`${count} groups, ${PARTITIONS_EACH} offsets each: kcli's commands, ms`)
  table([['command', ...started.map(({ name }) => `on ${name}`), ''], ...rows])
}

/** Wall time in ms. What it prints is megabytes, and goes nowhere. */
function timeOf(args, env) {
  const begin = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  if (status !== 0) throw new Error(`${args.slice(1, 3).join(' ')} ended with ${status}: ${stderr}`)
  return performance.now() - begin
}

/** The clusters take turns, so that noise meets them alike. */
async function settling(support, started, rounds) {
  const times = new Map()
  const note = (what, { name }, ms) => {
    const byTarget = times.get(what) ?? new Map()
    times.set(what, byTarget.set(name, [...(byTarget.get(name) ?? []), ms]))
  }
  // The first round warms up.
  for (let round = 0; round <= rounds * SETTLED_PER_ROUND; round++) {
    for (const brokers of started) {
      const members = await support.openMembers(brokers.ports, `settling-${round}`, MEMBERS)
      const all = [...members]
      const runs = []
      const start = (member) => runs.push(member.run())
      try {
        const joined = await support.settled(members, () => members.forEach(start))
        const [late] = await support.openMembers(brokers.ports, `settling-${round}`, 1)
        all.push(late)
        const grown = await support.settled([...members, late], () => start(late))
        const rest = members.slice(1)
        const shrunk = await support.settled([...rest, late], () => {
          for (const each of [...rest, late]) each.isStable = false
          void members[0].leave()
        })
        if (round > 0) {
          note(`${MEMBERS} join at once`, brokers, joined)
          note('one more comes', brokers, grown)
          note('one goes', brokers, shrunk)
        }
      } finally {
        await Promise.all(all.map((member) => member.leave()))
        await Promise.allSettled(runs)
      }
    }
  }
  const names = started.map(({ name }) => name)
  const rows = [...times].map(([what, byTarget]) => {
    const medians = names.map((name) => median(byTarget.get(name)))
    const ratio = medians.length === 2 ? (medians[0] / medians[1]).toFixed(2) : ''
    const cells = names.map((name, i) => `${number(medians[i])} (${number(Math.min(...byTarget.get(name)))})`)
    return [what, ...cells, ratio]
  })
  console.log(`\n${MEMBERS} members over 200 partitions until all have their part, ms: median (lowest)`)
  table([['', ...names, 'kcli / Kafka'], ...rows])
}

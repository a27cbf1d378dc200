/** What `kcli top` costs beside a remote cluster of 100 partitions: the processor time of the command alone. */
import { spawn } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { number, table } from './measure.mjs'

const TOPICS = 10
const PARTITIONS = 10
const GROUPS = 10
const MEASURED_MS = 20_000
/** The screen, the compiler and the first looks come before what is measured. */
const SETTLE_MS = 4_000
/** Of one core. */
const MOST_PERCENT = 5

export async function top({ support, kafkaWanted, kcliWanted }) {
  const rows = [['kcli top, 100 partitions, 10 groups', '% of a core', 'at most']]
  if (kcliWanted) {
    const home = support.createKcliHome()
    const cluster = await support.startKcliCluster(home, { brokers: 3 })
    try {
      rows.push(await measured(support, 'kcli', cluster.bootstrap))
    } finally {
      await cluster.stop()
      home.remove()
    }
  }
  if (kafkaWanted) {
    const kafka = await support.startKafka({ brokers: 3 })
    try {
      rows.push(await measured(support, 'Apache Kafka', kafka.bootstrap))
    } finally {
      await kafka.stop()
    }
  }
  table(rows)
}

async function measured(support, name, bootstrap) {
  const home = support.createKcliHome()
  const kcli = async (...args) => {
    const { code, stderr } = await support.kcli(home, [...args, '-b', bootstrap])
    if (code !== 0) throw new Error(`${args.join(' ')}: ${stderr}`)
  }
  try {
    const topics = Array.from({ length: TOPICS }, (_, i) => `topic-${i}`)
    const size = ['--partitions', `${PARTITIONS}`, '--replication-factor', '3']
    await kcli('topics', 'create', ...topics, ...size)
    for (let i = 0; i < GROUPS; i++) {
      await kcli('perf', 'produce', `topic-${i}`, '--records', '1000')
      await kcli('consume', `topic-${i}`, '--group', `group-${i}`, '--max-messages', '500')
    }
    const load = ['perf', 'produce', 'topic-0', '--records', '1000000', '--rate', '1000', '-b', bootstrap]
    const producing = spawn(process.execPath, [runner, ...load], { stdio: 'ignore', env: home.env })
    const screen = drawnTop(bootstrap, home)
    try {
      await pause(SETTLE_MS)
      const pid = await screen.pid()
      const before = cpuMs(pid)
      const startMs = performance.now()
      await pause(MEASURED_MS)
      const percent = (100 * (cpuMs(pid) - before)) / (performance.now() - startMs)
      return [name, number(percent, 2), MOST_PERCENT]
    } finally {
      screen.end()
      producing.kill()
    }
  } finally {
    home.remove()
  }
}

const runner = path.resolve('bin/run.js')

/** On a terminal of its own, which `script` makes. */
function drawnTop(bootstrap, home) {
  const pidFile = path.join(home.dir, 'top.pid')
  const command = `stty rows 40 columns 130; echo $$ > ${pidFile}; exec ${process.execPath} ${runner} top --tab topics -b ${bootstrap}`
  const { CI: _, ...env } = process.env
  const child = spawn('script', ['-qec', command, '/dev/null'], {
    stdio: ['pipe', 'ignore', 'inherit'],
    env: { ...env, ...home.env, TERM: 'xterm-256color' },
  })
  return {
    async pid() {
      const pid = Number(readFileSync(pidFile, 'utf8'))
      if (child.exitCode !== null) throw new Error(`top has ended with ${child.exitCode}`)
      return pid
    },
    end: () => child.stdin.end('q'),
  }
}

/** User and system time so far, in clock ticks of 10 ms, as /proc has it (Linux). */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ')
  return (Number(fields[11]) + Number(fields[12])) * 10
}

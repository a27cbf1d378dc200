/** Times of whole processes: kcli beside an empty Node and beside Kafka's JVM tools. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { interleave, median, number, table, timeOnce } from './measure.mjs'

const MANY = 200

/** What is timed with one topic in the directory and with many; the limit is that of the first, in empty Nodes. */
const COMMANDS = [
  ['topics list', 8, ['topics', 'list']],
  ['topics describe', undefined, ['topics', 'describe', 'topic-0']],
  ['produce', undefined, ['produce', 'topic-0']],
  ['consume', undefined, ['consume', 'topic-0', '--max-messages', '1']],
]

export async function startup({ support, rounds = 10, kafkaWanted, kcliWanted }) {
  const env = support.childEnv({ NO_COLOR: '1' })
  const command = path.join(support.repositoryDir, 'bin', 'run.js')
  const kcli = (dir, ...args) =>
    timeOnce(process.execPath, [command, ...args], { ...env, KCLI_DATA_DIR: dir }, 'one record\n')
  const fresh = () => mkdtempSync(path.join(os.tmpdir(), 'kcli-bench-'))
  const remove = (dir) => rmSync(dir, { recursive: true, force: true })
  const create = (dir, ...names) =>
    kcli(dir, 'topics', 'create', ...names, '--partitions', '3', '--replication-factor', '3')
  const filled = []
  const cases = [{ name: 'node -e 0', run: () => timeOnce(process.execPath, ['-e', '0'], env) }]
  try {
    if (kcliWanted) {
      const [one, many] = [fresh(), fresh()]
      filled.push(one, many)
      create(one, 'topic-0')
      create(many, ...Array.from({ length: MANY }, (_, i) => `topic-${i}`))
      cases.push({ name: 'kcli --version', limit: 3, run: () => kcli(one, '--version') })
      // Before the first of them is timed, so that there is something to consume.
      for (const dir of [one, many]) kcli(dir, 'produce', 'topic-0')
      for (const [what, limit, args] of COMMANDS) {
        cases.push({ name: `kcli ${what}, 1 topic`, limit, run: () => kcli(one, ...args) })
        cases.push({ name: `kcli ${what}, ${MANY} topics`, run: () => kcli(many, ...args) })
      }
      cases.push({
        name: 'kcli topics create, empty directory',
        limit: 10,
        prepare: fresh,
        run: (dir) => create(dir, 't'),
        clean: remove,
      })
    }
    const times = interleave(cases, rounds)
    const base = median(times.get('node -e 0'))
    const rows = [['process', 'ms', 'x node', 'at most']]
    for (const { name, limit } of cases) {
      const ms = median(times.get(name))
      rows.push([name, number(ms), number(ms / base, 1), limit ?? ''])
    }
    if (kafkaWanted) rows.push(...(await kafkaRows(support, base)))
    table(rows)
    if (kcliWanted) {
      const ratios = [['command on one topic', `1 of ${MANY} / alone`, 'at most']]
      for (const [what] of COMMANDS) {
        const [alone, among] = [1, MANY].map((n) =>
          median(times.get(`kcli ${what}, ${n} topic${n > 1 ? 's' : ''}`)),
        )
        ratios.push([what, number(among / alone, 2), what === 'topics list' ? '' : 1.5])
      }
      table(ratios)
    }
  } finally {
    for (const dir of filled) remove(dir)
  }
}

async function kafkaRows(support, base) {
  const rows = []
  for (const brokers of [1, 3]) {
    const start = Date.now()
    const kafka = await support.startKafka({ brokers, jvmFlags: support.kafkaServerFlags })
    const ms = Date.now() - start
    rows.push([
      `Apache Kafka start, ${brokers} broker${brokers > 1 ? 's' : ''} + ZooKeeper`,
      number(ms),
      number(ms / base, 1),
      '',
    ])
    if (brokers === 1) {
      const list = []
      const args = support.javaArgs(
        'org.apache.kafka.tools.TopicCommand',
        support.requireManifest().toolsLogConfig,
        support.kafkaToolFlags,
      )
      for (let i = 0; i < 3; i++)
        list.push(
          timeOnce('java', [...args, '--bootstrap-server', kafka.bootstrap, '--list'], support.childEnv()),
        )
      rows.push(['kafka-topics --list (JVM)', number(median(list)), number(median(list) / base, 1), ''])
    }
    await kafka.stop()
  }
  return rows
}

/** The znodes behind a few administrative acts, and the transactions ZooKeeper logged for each, in order. */
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { loadTs } from '../load-ts.mjs'
import { writeJson } from './store.mjs'

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export async function captureZnodes({ driver, kafka, quiet, controllerId }, folder) {
  const { javaArgs } = await loadTs(path.resolve('test/interop/support/driver.ts'))
  const { requireManifest, childEnv } = await loadTs(path.resolve('test/interop/support/environment.ts'))
  const log = () =>
    readTransactions(
      kafka.dir,
      (main, args) =>
        spawnSync('java', [...javaArgs(main, requireManifest().toolsLogConfig, []), ...args], {
          encoding: 'utf8',
          env: childEnv(),
          maxBuffer: 64 << 20,
        }).stdout,
    )
  const acts = []
  const act = async (name, run) => {
    const before = log().length
    await run()
    await pause(1_500)
    acts.push({ name, transactions: log().slice(before) })
  }
  const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA'
  const topic = {
    name: 'znodes',
    numPartitions: 3,
    replicationFactor: 3,
    assignments: [],
    configs: [{ name: 'retention.ms', value: '60000' }],
  }
  await act('create topic znodes, 3 partitions, 3 replicas, retention.ms=60000', () =>
    quiet(19, 7, { topics: [topic], timeoutMs: 10_000, validateOnly: false }),
  )
  const tree = await driver.call('znodes', { connect: kafka.zookeeper, path: '/brokers/topics/znodes' })
  const config = await driver.call('znodes', { connect: kafka.zookeeper, path: '/config/topics/znodes' })
  await act('raise to 4 partitions', () =>
    quiet(37, 3, {
      topics: [{ name: 'znodes', count: 4, assignments: null }],
      timeoutMs: 10_000,
      validateOnly: false,
    }),
  )
  await act('set segment.bytes, delete retention.ms', () =>
    quiet(44, 1, {
      resources: [
        {
          resourceType: 2,
          resourceName: 'znodes',
          configs: [
            { name: 'segment.bytes', configOperation: 0, value: '100000' },
            { name: 'retention.ms', configOperation: 1, value: null },
          ],
        },
      ],
      validateOnly: false,
    }),
  )
  await act('delete topic', () =>
    quiet(20, 6, { topics: [{ name: 'znodes', topicId: zeroId }], timeoutMs: 10_000 }),
  )
  await quiet(19, 7, {
    topics: [{ ...topic, name: 'moves', configs: [] }],
    timeoutMs: 10_000,
    validateOnly: false,
  })
  await pause(1_500)
  const bystander = (controllerId + 1) % 3
  await act('controlled shutdown of a broker that is not the controller', () => kafka.stopBroker(bystander))
  await act('its return', () => kafka.startBroker(bystander))
  await act('controlled shutdown of the controller', () => kafka.stopBroker(controllerId))
  await kafka.startBroker(controllerId)
  await pause(1_500)
  const all = await driver.call('znodes', { connect: kafka.zookeeper, path: '/' })
  const kept = Object.fromEntries(
    Object.entries(all).filter(([name]) => !/^\/(zookeeper|brokers\/topics\/|config\/topics\/)/.test(name)),
  )
  writeJson(path.join(folder, 'znodes.json'), { topic: { ...tree, ...config }, cluster: kept, acts })
  console.log(`behaviour: znodes: ${acts.length} acts`)
}

/** The reader prints the parts of a multi as raw bytes. */
const printable = (text) =>
  text
    .replaceAll(/[^\x20-\x7e]+/g, ' ')
    .replaceAll(/ {2,}/g, ' ')
    .trim()

/** ZooKeeper's own log reader, its lines taken apart. */
function readTransactions(dir, java) {
  const logDir = path.join(dir, 'zookeeper', 'version-2')
  const copyDir = mkdtempSync(path.join(os.tmpdir(), 'zk-log-'))
  const transactions = []
  try {
    for (const file of readdirSync(logDir)
      .filter((name) => name.startsWith('log.'))
      .sort()) {
      copyFileSync(path.join(logDir, file), path.join(copyDir, file))
      const output = java('org.apache.zookeeper.server.persistence.TxnLogToolkit', [
        '-d',
        path.join(copyDir, file),
      ])
      for (const line of output.split('\n')) {
        const match = /session (0x[0-9a-f]+) cxid (0x[0-9a-f]+) zxid (0x[0-9a-f]+) (.*)$/.exec(line)
        if (match) transactions.push({ zxid: match[3], session: match[1], what: printable(match[4]) })
      }
    }
  } finally {
    rmSync(copyDir, { recursive: true, force: true })
  }
  return transactions
}

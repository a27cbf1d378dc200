/** Creates and reads a second, of kcli's coordination service beside ZooKeeper's; the client is the same, ours. */
import { mkdtempSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { median, number, table } from './measure.mjs'

const CLIENTS = [1, 16]
const DATA = Buffer.alloc(100, 'x')
/** What zkServer.sh gives the JVM, in place of what keeps those of the tests small. */
const ZOOKEEPER_FLAGS = ['-Xmx1000m', '-XX:TieredStopAtLevel=4', '-XX:-UseSerialGC', '-XX:+UseG1GC']
/** Rounds that only warm up. */
const WARM_UP = 2

export async function zookeeper({ support, kafkaWanted, kcliWanted, records = 16_000, rounds = 5 }) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-bench-'))
  const home = support.createKcliHome()
  const servers = []
  try {
    const [realPort, ownPort] = await support.freePorts(2)
    if (kcliWanted) {
      const flags = ['--data-dir', path.join(dir, 'own'), '--listen', `127.0.0.1:${ownPort}`]
      const server = await support.startKcliServer(home, ['zookeeper', 'start', ...flags])
      servers.push({ name: 'kcli zookeeper start', port: ownPort, stop: () => server.stop('SIGKILL') })
    }
    if (kafkaWanted) {
      const child = await support.startZookeeper(dir, realPort, ZOOKEEPER_FLAGS)
      const stop = () => support.stopChild(child, 'SIGKILL')
      servers.push({ name: 'Apache ZooKeeper', port: realPort, stop })
    }
    const rates = new Map()
    for (let round = 0; round < rounds + WARM_UP; round++) {
      for (const { name, port } of servers) {
        for (const clients of CLIENTS) {
          const count = Math.max(1_000, Math.round((records * clients) / 16))
          for (const [what, rate] of await measure(support, port, clients, count, `/r${round}-${clients}`)) {
            const key = `${what}, ${clients} ${clients === 1 ? 'client' : 'clients'}`
            if (!rates.has(key)) rates.set(key, new Map())
            if (!rates.get(key).has(name)) rates.get(key).set(name, [])
            if (round >= WARM_UP) rates.get(key).get(name).push(rate)
          }
        }
      }
    }
    const names = servers.map(({ name }) => name)
    const rows = [['a second', ...names, 'kcli / ZooKeeper', 'at least']]
    for (const [what, byName] of rates) {
      const [own, real] = names.map((name) => median(byName.get(name)))
      const ratio = real === undefined ? '' : number(own / real, 2)
      rows.push([what, ...[own, real].slice(0, names.length).map((rate) => number(rate)), ratio, '0.70'])
    }
    table(rows)
  } finally {
    for (const { stop } of servers) await stop()
    home.remove()
    rmSync(dir, { recursive: true, force: true })
  }
}

/** Each client asks for one thing at a time. */
async function measure(support, port, clients, count, root) {
  const sessions = await Promise.all(Array.from({ length: clients }, () => support.connectTo([port])))
  await sessions[0].create(root, null)
  const each = Math.ceil(count / clients)
  const timed = async (work) => {
    const start = performance.now()
    await Promise.all(
      sessions.map(async (zk, client) => {
        for (let i = 0; i < each; i++) await work(zk, `${root}/${client}-${i}`)
      }),
    )
    return ((each * clients) / (performance.now() - start)) * 1000
  }
  const creates = await timed((zk, node) => zk.create(node, DATA))
  const reads = await timed((zk, node) => zk.getData(node))
  await Promise.all(sessions.map((zk) => zk.close()))
  return [
    ['creates', creates],
    ['reads', reads],
  ]
}

/** Brokers of kcli and of Apache Kafka on one ZooKeeper: in one cluster, and in two that have to look the same. */
import type { ChildProcess } from 'node:child_process'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BrokerProcesses, logDigest } from './support/broker-processes.ts'
import { stopChild } from './support/child.ts'
import { JavaDriver } from './support/driver.ts'
import { kcliBrokerDir, startKafkaBroker, startKcliBroker } from './support/ensemble.ts'
import { freePorts } from './support/environment.ts'
import { startZookeeper } from './support/kafka.ts'
import { createKcliHome, type KcliHome, type KcliServer, kcli } from './support/kcli.ts'
import { faultsOf, Load, readPartition } from './support/load.ts'
import { describeInterop } from './support/suite.ts'

const KAFKA = 2
const PARTITIONS = 3
/** Of the brokers of the two clusters that are compared. */
const IDS = [5, 6, 7]

describeInterop('kcli beside Apache Kafka', ['kafka', 'driver'], () => {
  let home: KcliHome
  let zookeeper: ChildProcess
  let server: string
  let java: JavaDriver

  beforeAll(async () => {
    home = createKcliHome()
    const [port = 0] = await freePorts(1)
    server = `127.0.0.1:${port}`
    zookeeper = await startZookeeper(home.dir, port)
    java = new JavaDriver()
  })
  afterAll(async () => {
    await java?.close()
    if (zookeeper) await stopChild(zookeeper, 'SIGKILL')
    home?.remove()
  })

  it('both in one cluster: leaders, followers and controllers of either kind', async () => {
    const address = `${server}/mixed`
    const config = { 'min.insync.replicas': '2' }
    const brokers = await BrokerProcesses.start(home, address, { ids: [0, 1], config })
    const [kafkaPort = 0] = await freePorts(1)
    const kafkaDir = path.join(home.dir, 'kafka')
    const startKafka = () =>
      startKafkaBroker(kafkaDir, { id: KAFKA, port: kafkaPort, zookeeper: address, config })
    let kafka = await startKafka()
    try {
      const topics = (...args: string[]) =>
        java.runTool('kafka-topics', ['--bootstrap-server', `127.0.0.1:${kafkaPort}`, ...args])
      const create = async (topic: string) => {
        // One leader on each of them.
        const assignment = ['--replica-assignment', '0:2:1,2:0:1,1:2:0']
        expect(await topics('--create', '--topic', topic, ...assignment)).toMatchObject({ code: 0 })
        await brokers.inSync(topic)
      }
      const control = async (isWanted: (id: number) => boolean) => {
        for (;;) {
          const { stdout } = await kcli(home, ['zk', '--server', address, 'get', '/controller'])
          const id = Number(/"brokerid":(\d+)/.exec(stdout)?.[1] ?? -1)
          if (id !== -1 && isWanted(id)) return
          await kcli(home, ['zk', '--server', address, 'delete', '/controller'])
          await pause(200)
        }
      }
      await create('shared')
      const bootstrap = `${brokers.bootstrap},127.0.0.1:${kafkaPort}`
      const load = new Load({ bootstrap, topic: 'shared', partitions: PARTITIONS })
      await load.progress(50)

      await control((id) => id === KAFKA)
      await create('by-kafka')
      await brokers.stop(0, 'SIGKILL')
      await load.progress(50)
      await brokers.start(0)
      await brokers.inSync('shared')
      expect(await brokers.stop(1)).toBe(0)
      await load.progress(50)
      await brokers.start(1)
      await brokers.inSync('shared')

      await control((id) => id !== KAFKA)
      await create('by-kcli')
      await stopChild(kafka, 'SIGKILL')
      await load.progress(50)
      await waitForNoBroker(address, KAFKA)
      kafka = await startKafka()
      await brokers.inSync('shared')
      await stopChild(kafka, 'SIGTERM')
      await load.progress(50)
      kafka = await startKafka()
      await brokers.inSync('shared')
      await load.progress(50)
      await load.stop()
      await brokers.inSync('shared')
      expect(load.refused).toEqual([])
      for (let partition = 0; partition < PARTITIONS; partition++) {
        const stored = await readPartition(bootstrap, 'shared', partition)
        expect(faultsOf(stored, load.acknowledged[partition] ?? [])).toEqual([])
        const dirs = [0, 1].map((id) => path.join(kcliBrokerDir(home, id), `broker-${id}`))
        const digests = [...dirs, path.join(kafkaDir, `broker-${KAFKA}`)].map((dir) =>
          logDigest(dir, `shared-${partition}`),
        )
        expect(new Set(digests).size).toBe(1)
      }
      expect(await topics('--delete', '--topic', 'by-kafka')).toMatchObject({ code: 0 })
      const list = await topics('--list')
      expect(list.stdout).toBe('by-kcli\nshared\n')
    } finally {
      await brokers.stopAll()
      await stopChild(kafka, 'SIGKILL')
    }
  })

  async function waitForNoBroker(address: string, id: number): Promise<void> {
    for (;;) {
      const { stdout } = await kcli(home, ['zk', '--server', address, 'ls', '/brokers/ids'])
      if (!stdout.includes(String(id))) return
      await pause(200)
    }
  }

  it('the same three brokers and topics leave the same znodes', async () => {
    const ports = { own: await freePorts(3), real: await freePorts(3) }
    const stops: (() => Promise<unknown>)[] = []
    const startOwn = async (id: number, port: number) => {
      const broker: KcliServer = await startKcliBroker(home, { id, port, zookeeper: `${server}/own` })
      stops.push(() => broker.stop('SIGKILL'))
    }
    const startReal = async (id: number, port: number) => {
      const dir = path.join(home.dir, `alone-${id}`)
      const broker = await startKafkaBroker(dir, { id, port, zookeeper: `${server}/real` })
      stops.push(() => stopChild(broker, 'SIGKILL'))
    }
    try {
      // The first one is the controller.
      for (const [i, id] of IDS.entries())
        await Promise.all([startOwn(id, ports.own[i] ?? 0), startReal(id, ports.real[i] ?? 0)])
      for (const own of Object.values(ports)) await use(own.map((port) => `127.0.0.1:${port}`).join(','))
      const list = async (chroot: string) =>
        (await kcli(home, ['zk', '--server', `${server}/${chroot}`, 'ls', '-R', '/'])).stdout
      expect(await list('own')).toBe(await list('real'))
      expect(await list('own')).toContain('/brokers/topics/orders/partitions/3/state')
      expect(await data('own', ports.own)).toEqual(await data('real', ports.real))
    } finally {
      await Promise.all(stops.map((stop) => stop()))
    }
  })

  async function use(bootstrap: string): Promise<void> {
    const tool = async (name: 'kafka-topics' | 'kafka-configs', ...args: string[]) => {
      const result = await java.runTool(name, ['--bootstrap-server', bootstrap, ...args])
      expect(result, [name, ...args].join(' ')).toMatchObject({ code: 0 })
    }
    const orders = ['--topic', 'orders']
    const replicas = ['--replica-assignment', '5:6:7,6:7:5,7:5:6']
    await tool('kafka-topics', '--create', ...orders, ...replicas, '--config', 'retention.ms=9')
    await tool('kafka-topics', '--create', '--topic', 'brief', '--replica-assignment', '7:6,5:7')
    await tool(
      'kafka-topics',
      '--alter',
      ...orders,
      '--partitions',
      '4',
      '--replica-assignment',
      `${replicas[1]},6:5:7`,
    )
    const config = ['--entity-type', 'topics', '--entity-name', 'orders', '--alter']
    await tool('kafka-configs', ...config, '--add-config', 'retention.ms=10,segment.ms=11')
    const broker = ['--entity-type', 'brokers', '--entity-name', '5', '--alter']
    await tool('kafka-configs', ...broker, '--add-config', 'log.cleaner.threads=1')
    await java.produce({ 'bootstrap.servers': bootstrap, 'enable.idempotence': 'true' }, [
      { send: [{ topic: 'orders', partition: 0, value: 'eA==' }] },
      { flush: true },
    ])
    await tool('kafka-topics', '--delete', '--topic', 'brief')
    const until = Date.now() + 10_000
    const left = () => java.runTool('kafka-topics', ['--bootstrap-server', bootstrap, '--list'])
    while ((await left()).stdout.includes('brief') && Date.now() < until) await pause(100)
    await pause(500)
  }

  /** What is in the znodes and how often they were written, without what differs by nature. */
  async function data(chroot: string, ports: readonly number[]): Promise<Record<string, unknown>> {
    const dump = await java.call<Record<string, Record<string, unknown>>>('znodes', {
      connect: `${server}/${chroot}`,
    })
    return Object.fromEntries(
      Object.entries(dump).map(([znode, { data: text, ephemeral, version, cversion }]) => [
        znode,
        // A producer asks any broker for its id: which block of ids went to which broker is chance.
        znode === '/latest_producer_id_block'
          ? 'a block of ids'
          : { text: neutral(text as string | null, ports), ephemeral, version, cversion },
      ]),
    )
  }
})

function neutral(text: string | null, ports: readonly number[]): string | null {
  if (text === null) return null
  return ports
    .reduce((named, port, i) => named.replaceAll(String(port), `PORT ${i}`), text)
    .replace(/"timestamp":"\d+"/, '"timestamp":"T"')
    .replace(/"(topic_id|id)":"[\w-]{22}"/, '"$1":"ID"')
}

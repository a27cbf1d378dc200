/** kcli brokers, each its own process, on a real ensemble of three ZooKeeper servers, and what may go wrong there. */
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BrokerProcesses, logDigest } from './support/broker-processes.ts'
import { run } from './support/child.ts'
import { JavaDriver, javaArgs, toolsJvmFlags } from './support/driver.ts'
import { type Ensemble, kcliBrokerDir, startEnsemble, startKcliBroker } from './support/ensemble.ts'
import { freePorts, requireManifest } from './support/environment.ts'
import { createKcliHome, type KcliHome, kcli } from './support/kcli.ts'
import { faultsOf, Load, readPartition } from './support/load.ts'
import { describeInterop } from './support/suite.ts'

const TOPIC = 'steady'
const PARTITIONS = 3
const SESSION_MS = 6_000
/** Nobody waits for a leader: all that may happen is a busy machine. */
const UNNOTICED_MS = 2_000
/** 40 to be thorough. */
const AWAY_MS = Number(process.env.KCLI_ZOOKEEPER_AWAY_S ?? 10) * 1_000

describeInterop('brokers on an ensemble', ['kafka', 'driver'], () => {
  let home: KcliHome
  let ensemble: Ensemble
  let brokers: BrokerProcesses
  let java: JavaDriver
  let address: string

  beforeAll(async () => {
    home = createKcliHome()
    ensemble = await startEnsemble(home.dir)
    address = `${ensemble.connect}/kcli`
    brokers = await BrokerProcesses.start(home, address, { config: { 'min.insync.replicas': '2' } })
    java = new JavaDriver()
  })
  afterAll(async () => {
    await java?.close()
    await brokers?.stopAll()
    await ensemble?.killAll()
    home?.remove()
  })

  /** Does something while a producer writes and gives the longest gap between acknowledgements; nothing may be lost. */
  async function underLoad(topic: string, work: (load: Load) => Promise<void>): Promise<number> {
    await brokers.kcli(['topics', 'create', topic, '--partitions', '3', '--replication-factor', '3'])
    const load = new Load({ bootstrap: brokers.bootstrap, topic, partitions: PARTITIONS })
    await load.progress(20)
    const sinceMs = performance.now()
    await work(load)
    await load.progress(20)
    await load.stop()
    await brokers.inSync(topic)
    expect(load.refused).toEqual([])
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const stored = await readPartition(brokers.bootstrap, topic, partition)
      expect(faultsOf(stored, load.acknowledged[partition] ?? [])).toEqual([])
      const dirs = [0, 1, 2].map((id) => path.join(kcliBrokerDir(home, id), `broker-${id}`))
      expect(new Set(dirs.map((dir) => logDigest(dir, `${topic}-${partition}`))).size).toBe(1)
    }
    return load.longestGapMs(sinceMs)
  }

  const znode = async (znodePath: string) => {
    const { stdout } = await kcli(home, ['zk', '--server', address, 'get', '-s', znodePath])
    return { data: stdout.split('\n')[0], czxid: /cZxid = (\S+)/.exec(stdout)?.[1] }
  }
  const controllerId = async () =>
    Number(/"brokerid":(\d+)/.exec((await znode('/controller')).data ?? '')?.[1])
  const standing = async () => {
    const registered = await Promise.all([0, 1, 2].map((id) => znode(`/brokers/ids/${id}`)))
    const epoch = (await znode('/controller_epoch')).data
    return { epoch, registered: registered.map(({ czxid }) => czxid) }
  }

  it('Kafka’s tools and the real zkCli work on it', async () => {
    const topics = (...args: string[]) =>
      java.runTool('kafka-topics', ['--bootstrap-server', brokers.bootstrap, ...args])
    const created = await topics(
      '--create',
      '--topic',
      TOPIC,
      '--partitions',
      '3',
      '--replication-factor',
      '3',
    )
    expect(created).toMatchObject({ stdout: `Created topic ${TOPIC}.\n`, code: 0 })
    expect((await topics('--describe', '--topic', TOPIC)).stdout).toMatch(/Isr: (\d,?){3}/)
    const main = javaArgs(
      'org.apache.zookeeper.ZooKeeperMain',
      requireManifest().toolsLogConfig,
      toolsJvmFlags,
    )
    const { stdout } = await run('java', [...main, '-server', address, 'ls', '/brokers/ids'])
    expect(stdout).toContain('[0, 1, 2]')
    const ours = await kcli(home, ['zk', '--server', address, 'ls', '/brokers/topics'])
    expect(ours.stdout).toContain(TOPIC)
  })

  it('nobody notices when a ZooKeeper server dies, the leader either', async () => {
    const before = await standing()
    const gapMs = await underLoad('unnoticed', async (load) => {
      const leader = await ensemble.leader()
      await ensemble.kill((leader + 1) % 3)
      await pause(SESSION_MS)
      await load.progress(20)
      await ensemble.restart()
      await ensemble.kill(await ensemble.leader())
      await pause(SESSION_MS)
      await load.progress(20)
      await ensemble.restart()
    })
    expect(gapMs).toBeLessThan(UNNOTICED_MS)
    expect(await standing()).toEqual(before)
  })

  it('brokers go on without ZooKeeper, and with it when it is back', async () => {
    const gapMs = await underLoad('alone', async (load) => {
      await ensemble.killAll()
      await pause(AWAY_MS)
      await load.progress(20)
      await ensemble.restart()
    })
    expect(gapMs).toBeLessThan(UNNOTICED_MS)
    await brokers.kcli(['topics', 'create', 'afterwards', '--partitions', '3', '--replication-factor', '3'])
    await brokers.inSync('afterwards')
  })

  it('a second broker with a registered id is refused', async () => {
    const other = createKcliHome()
    try {
      const [port = 0] = await freePorts(1)
      const started = startKcliBroker(other, { id: 1, port, zookeeper: address })
      await expect(started).rejects.toThrow(/ended with 1: .*a broker with the id 1 is already registered/s)
    } finally {
      other.remove()
    }
  })

  it('a data directory of another cluster is refused', async () => {
    const other = createKcliHome()
    try {
      const [port = 0] = await freePorts(1)
      const elsewhere = await startKcliBroker(other, {
        id: 7,
        port,
        zookeeper: `${ensemble.connect}/elsewhere`,
      })
      expect(await elsewhere.stop()).toBe(0)
      const started = startKcliBroker(other, { id: 7, port, zookeeper: address })
      await expect(started).rejects.toThrow(/ended with 1: .*cluster/s)
    } finally {
      other.remove()
    }
  })

  it('a leader that sleeps through its session comes back fenced, and nothing acknowledged is lost', async () => {
    const before = await standing()
    const gapMs = await underLoad('asleep', async (load) => {
      const [{ leader } = { leader: 0 }] = await brokers.partitions('asleep')
      process.kill(brokers.pid(leader), 'SIGSTOP')
      try {
        await pause(SESSION_MS + 2_000)
        await load.progress(20)
      } finally {
        process.kill(brokers.pid(leader), 'SIGCONT')
      }
      await load.progress(20)
    })
    // The client’s own time for a request comes on top.
    expect(gapMs).toBeLessThan(SESSION_MS + 5_000)
    const after = await standing()
    expect(after.registered.filter((czxid, id) => czxid !== before.registered[id])).toHaveLength(1)
  })

  it('a controller that sleeps through its session is replaced, and comes back as a broker like others', async () => {
    const before = await standing()
    const former = await controllerId()
    await underLoad('replaced', async (load) => {
      process.kill(brokers.pid(former), 'SIGSTOP')
      try {
        await pause(SESSION_MS + 2_000)
        await load.progress(20)
      } finally {
        process.kill(brokers.pid(former), 'SIGCONT')
      }
      // It wakes up in office, as far as it knows.
      const wish = ['--partitions', '3', '--replication-factor', '3']
      await brokers.kcli(['topics', 'create', 'by-the-next', ...wish])
      await brokers.inSync('by-the-next')
    })
    expect(await controllerId()).not.toBe(former)
    expect(Number((await standing()).epoch)).toBe(Number(before.epoch) + 1)
  })

  it('a broker that is killed comes back, whoever is the controller', async () => {
    await underLoad('killed', async (load) => {
      const controller = await controllerId()
      for (const victim of [controller, (controller + 1) % 3]) {
        await brokers.stop(victim, 'SIGKILL')
        await load.progress(20)
        await brokers.start(victim)
        await brokers.inSync('killed')
      }
    })
  })

  it('brokers stop one after the other, and all at once', async () => {
    expect(await brokers.stop(0)).toBe(0)
    const partitions = await brokers.partitions(TOPIC)
    expect(partitions.every(({ leader }) => leader !== 0 && leader !== -1)).toBe(true)
    expect(await brokers.stopAll('SIGTERM')).toEqual([0, 0])
    const left = await kcli(home, ['zk', '--server', address, 'ls', '/brokers/ids'])
    expect(left.stdout).toContain('[]')
  })
})

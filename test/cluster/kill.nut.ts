/** Brokers, each its own process, are killed under load: what was acknowledged is there, once, on every replica. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { BrokerProcesses, logDigest } from '../interop/support/broker-processes.ts'
import { kcliBrokerDir } from '../interop/support/ensemble.ts'
import { createKcliHome, type KcliHome, type KcliServer, startKcliServer } from '../interop/support/kcli.ts'
import { faultsOf, Load, readPartition } from '../interop/support/load.ts'
import { testRandom } from '../support/seed.ts'

const ROUNDS = Number(process.env.KCLI_KILL_ROUNDS ?? 3)
const PARTITIONS = 4
const TOPIC = 'survivor'
const { seed, random } = testRandom()

let home: KcliHome
let zookeeper: KcliServer | undefined
let brokers: BrokerProcesses | undefined

beforeAll(() => {
  home = createKcliHome()
})
afterAll(async () => {
  await brokers?.stopAll()
  await zookeeper?.stop('SIGKILL')
  home.remove()
})

it(
  `nothing acknowledged is lost in ${ROUNDS} rounds of kill -9 (seed ${seed})`,
  async () => {
    const config = path.join(home.dir, 'zoo.cfg')
    writeFileSync(config, 'tickTime=200\n')
    const flags = ['--listen', '127.0.0.1:0', '--data-dir', path.join(home.dir, 'zookeeper')]
    zookeeper = await startKcliServer(home, ['zookeeper', 'start', config, ...flags])
    const address = /127\.0\.0\.1:\d+/.exec(zookeeper.firstLine)?.[0] ?? ''
    brokers = await BrokerProcesses.start(home, address, {
      config: { 'zookeeper.session.timeout.ms': '1500', 'min.insync.replicas': '2' },
    })
    await brokers.kcli(['topics', 'create', TOPIC, '--partitions', '4', '--replication-factor', '3'])
    const { bootstrap } = brokers
    const load = new Load({ bootstrap, topic: TOPIC, partitions: PARTITIONS })
    await load.progress(20)
    for (let round = 1; round <= ROUNDS; round++) {
      const victim = random.int(3)
      await brokers.stop(victim, 'SIGKILL')
      if (random.int(2) === 0) await load.progress(50)
      await brokers.start(victim)
      // The next one dies while this one catches up, or when it has.
      if (random.int(2) === 0) await brokers.inSync(TOPIC)
      else await pause(random.int(500))
      if (process.env.KCLI_KILL_ROUNDS !== undefined)
        console.log(`round ${round}: broker ${victim}, ${load.count} acknowledged`)
    }
    await load.progress(20)
    await load.stop()
    await brokers.inSync(TOPIC)
    expect(load.refused).toEqual([])
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const stored = await readPartition(bootstrap, TOPIC, partition)
      expect(
        faultsOf(stored, load.acknowledged[partition] ?? []),
        `partition ${partition}, seed ${seed}`,
      ).toEqual([])
      const dirs = [0, 1, 2].map((id) => path.join(kcliBrokerDir(home, id), `broker-${id}`))
      const digests = dirs.map((dir) => logDigest(dir, `${TOPIC}-${partition}`))
      expect(new Set(digests).size, `replicas of ${partition} differ, seed ${seed}`).toBe(1)
    }
    expect(await brokers.stopAll('SIGTERM')).toEqual([0, 0, 0])
  },
  60_000 + ROUNDS * 20_000,
)

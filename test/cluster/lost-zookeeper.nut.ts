/** Brokers, each its own process, whose coordination service goes away. */
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { BrokerProcesses } from '../interop/support/broker-processes.ts'
import { freePorts } from '../interop/support/environment.ts'
import { createKcliHome, startKcliServer } from '../interop/support/kcli.ts'
import { faultsOf, Load, readPartition } from '../interop/support/load.ts'

/** Far below the thirty seconds that a request to a controller may take. */
const STOP_MS = 5_000

it('they serve on, go on when it is back, and stop at once while it is away', async () => {
  const home = createKcliHome()
  const [port = 0] = await freePorts(1)
  const flags = ['--listen', `127.0.0.1:${port}`, '--data-dir', path.join(home.dir, 'zookeeper')]
  const startZooKeeper = () => startKcliServer(home, ['zookeeper', 'start', ...flags])
  let zookeeper = await startZooKeeper()
  let brokers: BrokerProcesses | undefined
  try {
    brokers = await BrokerProcesses.start(home, `127.0.0.1:${port}`)
    await brokers.kcli(['topics', 'create', 'alone', '--partitions', '3', '--replication-factor', '3'])
    const { bootstrap } = brokers
    const load = new Load({ bootstrap, topic: 'alone', partitions: 3 })
    await load.progress(20)
    await zookeeper.stop('SIGKILL')
    await pause(1_000)
    await load.progress(20)
    zookeeper = await startZooKeeper()
    await brokers.kcli(['topics', 'create', 'again', '--partitions', '1', '--replication-factor', '3'])
    await load.progress(20)
    await load.stop()
    expect(load.refused).toEqual([])
    for (const partition of [0, 1, 2]) {
      const stored = await readPartition(bootstrap, 'alone', partition)
      expect(faultsOf(stored, load.acknowledged[partition] ?? [])).toEqual([])
    }
    await zookeeper.stop('SIGKILL')
    await pause(500)
    const beganMs = performance.now()
    expect(await brokers.stopAll('SIGTERM')).toEqual([0, 0, 0])
    expect(performance.now() - beganMs).toBeLessThan(STOP_MS)
  } finally {
    await brokers?.stopAll()
    await zookeeper.stop('SIGKILL')
    home.remove()
  }
})

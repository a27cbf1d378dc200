import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import v8 from 'node:v8'
import vm from 'node:vm'
import { describe, expect, it } from 'vitest'
import { testRandom } from '../support/seed.ts'
import { BreakableCluster, SESSION } from './support/breakable-cluster.ts'

/** Long enough for a follower to be missed, short enough for a test. */
const QUICK = { 'replica.lag.time.max.ms': '400', 'replica.fetch.wait.max.ms': '100' }

describe('a broker that is killed', () => {
  it('is replaced by others without a loss, and catches up when it is started again', async () => {
    const { seed, random } = testRandom()
    const cluster = await BreakableCluster.start(QUICK)
    await cluster.createTopic({ 'min.insync.replicas': '2' })
    const producer = cluster.producer()
    const acknowledged: string[] = []
    let isDone = false
    const load = (async () => {
      for (let i = 0; !isDone; i++) {
        const value = `${i}`
        await producer.send({ topic: 'orders', partition: 0, value })
        acknowledged.push(value)
      }
    })()
    for (let round = 0; round < 4; round++) {
      const victim = random.int(3)
      const before = acknowledged.length
      await cluster.faults.kill([victim], SESSION)
      await cluster.until(
        'nobody counts on it',
        ({ isr, leader }) => leader !== victim && !isr.includes(victim),
      )
      while (acknowledged.length < before + 5) await delay(random.int(20))
      await cluster.faults.revive([victim])
      await cluster.until('it has caught up', ({ isr }) => isr.length === 3)
    }
    isDone = true
    await load
    expect(await cluster.values('orders'), `seed ${seed}`).toEqual(acknowledged)
  }, 60_000)

  it('leaves no more than a process would: no open file, no mark of a clean end, its port free', async () => {
    const cluster = await BreakableCluster.start()
    await cluster.createTopic()
    await cluster.producer().send({ topic: 'orders', partition: 0, value: 'x' })
    const logDir = path.join(cluster.dataDir, 'broker-1')
    expect(openFilesIn(logDir)).not.toEqual([])
    await cluster.faults.kill([1], SESSION)
    expect(openFilesIn(logDir)).toEqual([])
    expect(fs.existsSync(path.join(logDir, '.kafka_cleanshutdown'))).toBe(false)
    expect(fs.existsSync(path.join(cluster.dataDir, 'broker-1.sock'))).toBe(false)
    const before = fs.statSync(path.join(logDir, 'orders-0', '00000000000000000000.log')).mtimeMs
    await cluster.until('others lead', ({ leader }) => leader === 2)
    expect(fs.statSync(path.join(logDir, 'orders-0', '00000000000000000000.log')).mtimeMs).toBe(before)
  })

  it('is forgotten: no memory, no timer', async () => {
    const cluster = await BreakableCluster.start()
    await cluster.createTopic()
    const collected = whenCollected(cluster, 1)
    await cluster.faults.kill([1], SESSION)
    await cluster.until('its session is over', ({ leader }) => leader === 2)
    v8.setFlagsFromString('--expose-gc')
    const collect = vm.runInNewContext('gc') as () => void
    const deadlineMs = performance.now() + 10_000
    while (!collected.isSo && performance.now() < deadlineMs) {
      collect()
      await delay(20)
    }
    expect(collected.isSo).toBe(true)
  }, 20_000)

  it('makes acks=all fail when too few are left, as in Kafka', async () => {
    const cluster = await BreakableCluster.start(QUICK)
    await cluster.createTopic({ 'min.insync.replicas': '2' })
    await cluster.faults.kill([2, 0], SESSION)
    await cluster.until('one is left', ({ isr }) => isr.length === 1)
    const impatient = cluster.producer({ deliveryTimeoutMs: 900 })
    await expect(impatient.send({ topic: 'orders', partition: 0, value: 'x' })).rejects.toThrow(
      /NOT_ENOUGH_REPLICAS/,
    )
    await cluster.faults.revive([2])
    await cluster.until('two are there', ({ isr }) => isr.length === 2)
    await cluster.producer().send({ topic: 'orders', partition: 0, value: 'y' })
    expect(await cluster.values('orders')).toEqual(['y'])
  }, 20_000)

  it('can be the controller, by that name', async () => {
    const cluster = await BreakableCluster.start()
    await cluster.createTopic()
    const [former] = await cluster.faults.kill(['controller'], SESSION)
    await cluster.until('another one is', ({ isr }) => !isr.includes(former as number))
    expect((await cluster.admin.describeCluster()).controllerId).not.toBe(former)
  })
})

describe('a broker that is paused', () => {
  it('goes on as if nothing had been when its session has not expired', async () => {
    const cluster = await BreakableCluster.start()
    await cluster.createTopic()
    const { leaderEpoch } = await cluster.partition('orders')
    await cluster.faults.pause([1], { sessionTimeoutMs: 60_000 })
    const producer = cluster.producer({ requestTimeoutMs: 10_000 })
    let isAcknowledged = false
    const sent = producer.send({ topic: 'orders', partition: 0, value: 'x' }).then(() => {
      isAcknowledged = true
    })
    await delay(300)
    expect(isAcknowledged).toBe(false)
    await cluster.faults.resume([1])
    await sent
    expect(await cluster.partition('orders')).toMatchObject({ leader: 1, leaderEpoch })
  })

  it('is taken for dead after its session, and follows the new leader when it goes on', async () => {
    const cluster = await BreakableCluster.start(QUICK)
    await cluster.createTopic({ 'min.insync.replicas': '2' })
    const producer = cluster.producer()
    await producer.send({ topic: 'orders', partition: 0, value: 'before' })
    await cluster.faults.pause([1], SESSION)
    await cluster.until('another leads', ({ leader, isr }) => leader !== 1 && !isr.includes(1))
    await producer.send({ topic: 'orders', partition: 0, value: 'meanwhile' })
    await cluster.faults.resume([1])
    await cluster.until('it is back', ({ isr }) => isr.length === 3)
    expect(await cluster.values('orders')).toEqual(['before', 'meanwhile'])
  }, 20_000)
})

describe('a broker that is cut off', () => {
  it('from ZooKeeper, leaves the cluster after its session and comes back', async () => {
    const cluster = await BreakableCluster.start()
    await cluster.createTopic()
    await cluster.faults.partition([1], { ...SESSION, isOneWay: false, zookeeper: true })
    expect(cluster.faults.states[1]).toMatchObject({ cutOffFrom: [], isCutOffFromZooKeeper: true })
    await cluster.until('another leads', ({ leader }) => leader === 2)
    expect(await cluster.faults.heal([])).toEqual([1])
    await cluster.until('it is back', ({ isr }) => isr.length === 3)
  })

  it('from ZooKeeper for less than its session, stays', async () => {
    const cluster = await BreakableCluster.start()
    await cluster.createTopic()
    await cluster.faults.partition([1], { sessionTimeoutMs: 300, isOneWay: false, zookeeper: true })
    await cluster.faults.heal([1])
    await delay(400)
    expect(await cluster.partition('orders')).toMatchObject({ leader: 1, leaderEpoch: 0, isr: [1, 2, 0] })
  })

  it('from all others, falls out of the ISR, and clients still reach it', async () => {
    const cluster = await BreakableCluster.start(QUICK)
    await cluster.createTopic()
    await cluster.faults.partition([2], { ...SESSION, isOneWay: false, zookeeper: false })
    expect(cluster.faults.states.map(({ cutOffFrom }) => cutOffFrom)).toEqual([[2], [2], [0, 1]])
    const producer = cluster.producer()
    await producer.send({ topic: 'orders', partition: 0, value: 'x' })
    await cluster.until('it is missed', ({ isr }) => isr.join() === '1,0')
    const ids = (await cluster.admin.describeLogDirs([2])).map(({ broker }) => broker)
    expect(ids).toEqual([2])
    await cluster.faults.heal([2])
    await cluster.until('it has caught up', ({ isr }) => isr.length === 3)
  }, 20_000)

  it('one way, cannot reach the others while they reach it', async () => {
    const cluster = await BreakableCluster.start(QUICK)
    await cluster.createTopic()
    // What the leader opens is cut: its followers fetch as before.
    await cluster.faults.partition([1], { ...SESSION, from: [2], isOneWay: true, zookeeper: false })
    const producer = cluster.producer()
    await producer.send({ topic: 'orders', partition: 0, value: 'x' })
    await delay(600)
    expect((await cluster.partition('orders')).isr).toEqual([1, 2, 0])
    // What a follower opens is cut.
    await cluster.faults.partition([2], { ...SESSION, from: [1], isOneWay: true, zookeeper: false })
    await producer.send({ topic: 'orders', partition: 0, value: 'y' })
    await cluster.until('it is missed', ({ isr }) => isr.join() === '1,0')
  }, 20_000)
})

describe('a cluster with faults', () => {
  it('ends in order whatever was done to its brokers, and the next start has everything', async () => {
    const first = await BreakableCluster.start()
    await first.createTopic()
    const producer = first.producer()
    await producer.send({ topic: 'orders', partition: 0, value: 'one' })
    await first.faults.kill([2], SESSION)
    await first.until('it is gone', ({ isr }) => !isr.includes(2))
    await producer.send({ topic: 'orders', partition: 0, value: 'two' })
    await first.faults.partition([0], { ...SESSION, from: [1], isOneWay: false, zookeeper: true })
    await first.faults.pause([1], SESSION)
    await delay(2 * SESSION.sessionTimeoutMs)
    const beganMs = performance.now()
    await first.stop()
    expect(performance.now() - beganMs).toBeLessThan(5_000)
    const second = await BreakableCluster.start({}, first.dataDir)
    await second.until('all are there', ({ isr }) => isr.length === 3)
    expect(await second.values('orders')).toEqual(['one', 'two'])
  }, 20_000)

  it('refuses what makes no sense, and says why', async () => {
    const { faults } = await BreakableCluster.start()
    await expect(faults.kill([7], SESSION)).rejects.toMatchObject({
      code: 'KCLI_FAULT_REFUSED',
      message: 'there is no broker 7',
      hint: 'There are: 0, 1, 2',
    })
    await expect(faults.revive([1])).rejects.toThrow('broker 1 has not been killed')
    await expect(faults.resume([1])).rejects.toThrow('broker 1 cannot go on: it is not paused')
    await faults.kill([1], SESSION)
    await expect(faults.kill([1], SESSION)).rejects.toThrow('broker 1 has been killed already')
    await expect(faults.pause([1], SESSION)).rejects.toThrow('broker 1 cannot be paused: it has been killed')
    const cut = { ...SESSION, isOneWay: false, zookeeper: false }
    await expect(faults.partition([0], { ...cut, from: [0, 2] })).rejects.toThrow(
      'cannot be cut off from itself',
    )
    await expect(faults.partition([0, 1, 2], cut)).rejects.toThrow('there is nobody to cut them off from')
    await faults.partition([1], { ...cut, zookeeper: true })
    await expect(faults.revive([1])).rejects.toThrow('broker 1 is cut off from ZooKeeper and cannot start')
    await faults.heal([])
    expect(await faults.revive([1])).toEqual([1])
    expect(faults.states.map(({ state }) => state)).toEqual(['up', 'up', 'up'])
  })

  it('takes orders through a socket of this user, and nothing that it does not know', async () => {
    const { dataDir } = await BreakableCluster.start()
    const socket = path.join(dataDir, 'control.sock')
    expect(fs.statSync(socket).mode & 0o777).toBe(0o600)
    const answers = await say(socket, [
      'what?',
      '[]',
      '{"version":2,"do":"state"}',
      '{"version":1,"do":"explode"}',
      '{"version":1,"do":"kill","brokers":"1"}',
      '{"version":1,"do":"kill","brokers":[1],"sessionTimeoutMs":-1}',
      '{"version":1,"do":"kill","brokers":[1e9],"sessionTimeoutMs":100}',
      '{"version":1,"do":"state"}',
    ])
    expect(answers.map((line) => JSON.parse(line).error?.message ?? 'ok')).toEqual([
      'what came over the control socket is not JSON',
      'version undefined of the control protocol is not known, 1 is',
      'version 2 of the control protocol is not known, 1 is',
      "this server does not know what 'explode' is",
      'the brokers of a request are not ids',
      'the session timeout of a request is not a time',
      'there is no broker 1000000000',
      'ok',
    ])
    await expect(say(socket, ['x'.repeat(300 * 1024)])).rejects.toThrow()
  })
})

/** In a function of its own: a test that waits keeps what it has touched. */
function whenCollected({ cluster }: BreakableCluster, index: number): { isSo: boolean } {
  const state = { isSo: false, registry: undefined as unknown }
  const registry = new FinalizationRegistry(() => {
    state.isSo = true
  })
  registry.register(cluster.brokers[index] as object, undefined)
  // One that is collected itself tells of nobody.
  state.registry = registry
  return state
}

/** On a system that can tell. */
function openFilesIn(directory: string): string[] {
  if (process.platform !== 'linux') return []
  return fs.readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      const target = fs.readlinkSync(`/proc/self/fd/${fd}`)
      return target.startsWith(directory) ? [target] : []
    } catch {
      return []
    }
  })
}

/** One answer for each line. Rejects when the connection is closed before. */
function say(socketPath: string, lines: readonly string[]): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath)
    let text = ''
    socket.on('data', (chunk) => {
      text += chunk.toString()
      const answers = text.split('\n').slice(0, -1)
      if (answers.length < lines.length) return
      socket.destroy()
      resolve(answers)
    })
    socket.on('error', reject)
    socket.on('close', () => reject(new Error('closed')))
    socket.write(lines.map((line) => `${line}\n`).join(''))
  })
}

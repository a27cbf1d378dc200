/** Three brokers of kcli and three of Apache Kafka on one ZooKeeper, each a process of its own, started alike. */
import { writeFileSync } from 'node:fs'
import path from 'node:path'

/** A session ends at a tick: with those of two seconds that is up to two seconds later. */
const QUICK_TICKS = { tickTime: '100', maxSessionTimeout: '60000' }

/** Apache's ZooKeeper, or kcli's when there is none. Gives the function that ends it, and the port. */
export async function startZooKeeper(support, home, kafkaWanted) {
  const [port] = await support.freePorts(1)
  if (kafkaWanted) {
    const child = await support.startZookeeper(home.dir, port, [], QUICK_TICKS)
    return { port, stop: () => support.stopChild(child, 'SIGKILL') }
  }
  const config = path.join(home.dir, 'own.cfg')
  writeFileSync(
    config,
    `tickTime=${QUICK_TICKS.tickTime}\nmaxSessionTimeout=${QUICK_TICKS.maxSessionTimeout}\n`,
  )
  const flags = [config, '--data-dir', path.join(home.dir, 'zookeeper'), '--listen', `127.0.0.1:${port}`]
  const server = await support.startKcliServer(home, ['zookeeper', 'start', ...flags])
  return { port, stop: () => server.stop('SIGKILL') }
}

export async function kcliBrokers(support, zookeeperPort, config) {
  const home = support.createKcliHome()
  const brokers = await support.BrokerProcesses.start(home, `127.0.0.1:${zookeeperPort}/kcli`, { config })
  return {
    name: 'kcli',
    chroot: '/kcli',
    home,
    ports: brokers.ports,
    get bootstrap() {
      return brokers.bootstrap
    },
    start: (id) => brokers.start(id),
    stop: (id, signal) => brokers.stop(id, signal),
    async end() {
      await brokers.stopAll()
      home.remove()
    },
  }
}

export async function kafkaBrokers(support, zookeeperPort, config) {
  const home = support.createKcliHome()
  const ports = await support.freePorts(3)
  const zookeeper = `127.0.0.1:${zookeeperPort}/kafka`
  const running = new Map()
  const start = async (id) => {
    for (;;) {
      try {
        const options = { id, port: ports[id], zookeeper, config, jvmFlags: support.kafkaServerFlags }
        running.set(id, await support.startKafkaBroker(path.join(home.dir, 'kafka'), options))
        return
      } catch (error) {
        if (!String(error).includes('KeeperErrorCode = NodeExists')) throw error
      }
    }
  }
  const stop = async (id, signal) => {
    const child = running.get(id)
    running.delete(id)
    if (child) await support.stopChild(child, signal)
  }
  await Promise.all([0, 1, 2].map(start))
  return {
    name: 'Apache Kafka',
    chroot: '/kafka',
    home,
    ports,
    get bootstrap() {
      return [...running.keys()].map((id) => `127.0.0.1:${ports[id]}`).join(',')
    },
    start,
    stop,
    async end() {
      await Promise.all([...running.keys()].map((id) => stop(id, 'SIGKILL')))
      home.remove()
    },
  }
}

/** The time at which a broker's session is over, as ZooKeeper tells those who watch. */
export async function sessionEnd(zk, { chroot }, id) {
  return new Promise((resolve, reject) => {
    const watch = () =>
      zk
        .exists(`${chroot}/brokers/ids/${id}`, ({ type }) => {
          if (type === 'NodeDeleted') resolve(performance.now())
          else void watch()
        })
        .catch(reject)
    void watch()
  })
}

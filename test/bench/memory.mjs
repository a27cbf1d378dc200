/** Resident memory of an idle cluster of three brokers. */
import { number, residentMegabytes, table } from './measure.mjs'

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))

export async function memory({ support, kafkaWanted, kcliWanted, settleMs = 10_000 }) {
  const rows = [['three brokers, idle', 'MB resident', 'at most']]
  if (kcliWanted) {
    const home = support.createKcliHome()
    const cluster = await support.startKcliCluster(home, { brokers: 3 })
    try {
      await pause(settleMs)
      rows.push(['kcli cluster start', number(residentMegabytes(cluster.pid)), 130])
    } finally {
      await cluster.stop()
      home.remove()
    }
  }
  if (kafkaWanted) {
    const kafka = await support.startKafka({ brokers: 3, jvmFlags: support.kafkaServerFlags })
    try {
      await pause(settleMs)
      const megabytes = [0, 1, 2].reduce((sum, id) => sum + residentMegabytes(kafka.pid(id)), 0)
      rows.push(['Apache Kafka (without ZooKeeper)', number(megabytes), ''])
    } finally {
      await kafka.stop()
    }
  }
  table(rows)
}

/** The library: from nothing to a cluster in memory that has stored a record, and what its wrapper costs. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { median, number, table } from './measure.mjs'

const MILLION = 1_000_000

/** Run in a process of its own; prints one line of JSON. */
const FIRST_RECORD = `
const startMs = performance.now()
const cpu = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1000 }
const marks = [[startMs, cpu()]]
const mark = () => marks.push([performance.now(), cpu()])
const { startCluster } = await import(process.argv[1])
mark()
const cluster = await startCluster()
mark()
await cluster.createTopics(['orders'])
await cluster.producer().send({ topic: 'orders', value: 'first' })
mark()
await cluster.close()
mark()
console.log(JSON.stringify(marks.slice(1).map(([ms, cpuMs], i) => ({ ms: ms - marks[i][0], cpuMs: cpuMs - marks[i][1] }))))
`

const RATES = `
const { startCluster } = await import(process.argv[1])
const count = Number(process.argv[2])
const cluster = await startCluster({ brokers: 1, topics: ['orders'] })
const value = 'x'.repeat(100)
function* records(count) { for (let i = 0; i < count; i++) yield { topic: 'orders', value } }
const producer = cluster.producer({ lingerMs: 5, batchSize: 65536 })
await producer.sendAll(records(count / 10))
const rate = async (work) => { const fromMs = performance.now(); await work(); return count / (performance.now() - fromMs) * 1000 }
const result = { sendAll: await rate(() => producer.sendAll(records(count))) }
for (const [name, options] of [['bytes', {}], ['string', { valueDeserializer: 'string' }], ['iteration', {}]]) {
  const consumer = cluster.consumer(options)
  consumer.assign([{ topic: 'orders', partition: 0, from: count / 10 }])
  let left = count
  result[name] = await rate(async () => {
    if (name === 'iteration') { for await (const record of consumer) if (--left === 0) break }
    else while (left > 0) left -= (await consumer.poll(1000)).length
  })
  await consumer.close()
}
await cluster.close()
console.log(JSON.stringify(result))
`

function run(script, ...args) {
  const file = path.resolve('dist/index.js')
  const options = ['--input-type=module', '-e', script, file, ...args]
  const { status, stdout, stderr } = spawnSync(process.execPath, options, { encoding: 'utf8' })
  if (status !== 0) throw new Error(`the program failed:\n${stderr}`)
  return JSON.parse(stdout)
}

/** Processor time beside the wall's: on a machine that others use, it is the one that means something. */
export async function library({ kcliWanted, rounds = 15, records = MILLION }) {
  if (!kcliWanted) return
  const starts = Array.from({ length: rounds }, () => run(FIRST_RECORD))
  const rows = [['in a fresh process', 'ms', 'processor ms', 'at most']]
  for (const [index, name] of [
    'import',
    'three brokers in memory',
    'a topic and a record',
    'close',
  ].entries()) {
    const of = (unit) => number(median(starts.map((marks) => marks[index][unit])))
    rows.push([name, of('ms'), of('cpuMs'), index === 1 ? 150 : ''])
  }
  table(rows)
  const rates = Array.from({ length: 3 }, () => run(RATES, String(records)))
  const rateRows = [['100-byte records, one broker in memory', 'million/s']]
  for (const name of Object.keys(rates[0]))
    rateRows.push([name, number(median(rates.map((each) => each[name])) / MILLION, 2)])
  table(rateRows)
}

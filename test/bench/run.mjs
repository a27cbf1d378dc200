#!/usr/bin/env node
/**
 * npm run bench [-- startup|memory|storage|rdkafka|clients|failover|controller|groups|zookeeper|library|drop-ins|completion|top ...] [--records N] [--rounds N] [--only kcli|kafka]
 *
 * Compares kcli with an empty Node and with Apache Kafka in one run on one machine: the ratios mean something, the
 * single figures do not. Needs scripts/interop-setup.mjs for all that is not kcli.
 */
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { loadTs } from '../../scripts/load-ts.mjs'
import { clients } from './clients.mjs'
import { completion } from './completion.mjs'
import { controller } from './controller.mjs'
import { dropIns } from './drop-ins.mjs'
import { failover } from './failover.mjs'
import { groups } from './groups.mjs'
import { library } from './library.mjs'
import { memory } from './memory.mjs'
import { rdkafka } from './rdkafka.mjs'
import { startup } from './startup.mjs'
import { storage } from './storage.mjs'
import { top } from './top.mjs'
import { zookeeper } from './zookeeper.mjs'

const parts = {
  startup,
  memory,
  storage,
  rdkafka,
  clients,
  failover,
  controller,
  groups,
  zookeeper,
  library,
  'drop-ins': dropIns,
  completion,
  top,
}
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { records: { type: 'string' }, rounds: { type: 'string' }, only: { type: 'string' } },
})
for (const name of positionals) {
  if (!(name in parts)) {
    console.error(`no such part: ${name}; there are ${Object.keys(parts).join(', ')}`)
    process.exit(2)
  }
}

const repository = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..')
process.chdir(repository)
const folder = path.join(repository, 'test', 'interop', 'support')
const support = {
  ...(await loadTs(path.join(folder, 'environment.ts'))),
  ...(await loadTs(path.join(folder, 'child.ts'))),
  ...(await loadTs(path.join(folder, 'driver.ts'))),
  ...(await loadTs(path.join(folder, 'kafka.ts'))),
  ...(await loadTs(path.join(folder, 'kcli.ts'))),
  ...(await loadTs(path.join(folder, 'ensemble.ts'))),
  ...(await loadTs(path.join(folder, 'broker-processes.ts'))),
  ...(await loadTs(path.join(folder, 'load.ts'))),
  ...(await loadTs(path.join(folder, 'zookeeper-client.ts'))),
  ...(await loadTs(fileURLToPath(new URL('./cluster-observer.ts', import.meta.url)))),
  ...(await loadTs(fileURLToPath(new URL('./group-clients.ts', import.meta.url)))),
  // What Kafka's own start scripts pass to the JVM.
  kafkaServerFlags: [
    '-Xmx1G',
    '-Xms1G',
    '-server',
    '-XX:+UseG1GC',
    '-XX:MaxGCPauseMillis=20',
    '-XX:InitiatingHeapOccupancyPercent=35',
    '-XX:+ExplicitGCInvokesConcurrent',
  ],
  kafkaToolFlags: [
    '-Xmx256M',
    '-server',
    '-XX:+UseG1GC',
    '-XX:MaxGCPauseMillis=20',
    '-XX:InitiatingHeapOccupancyPercent=35',
    '-XX:+ExplicitGCInvokesConcurrent',
  ],
}
const noKafka = support.missingReason(['kafka', 'driver'])
if (noKafka && values.only !== 'kcli') console.log(`Apache Kafka is not measured: ${noKafka}`)
const options = {
  support,
  kafkaWanted: values.only !== 'kcli' && noKafka === undefined,
  kcliWanted: values.only !== 'kafka',
  ...(values.records ? { records: Number(values.records) } : {}),
  ...(values.rounds ? { rounds: Number(values.rounds) } : {}),
}
let failed = false
for (const name of positionals.length > 0 ? positionals : Object.keys(parts)) {
  console.log(`\n== ${name}`)
  try {
    await parts[name](options)
  } catch (error) {
    failed = true
    console.error(`${name} failed: ${error.message}`)
  }
}
process.exitCode = failed ? 1 : 0

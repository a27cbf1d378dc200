// `npm start [-- DIR]`: the main job, shown with real commands on a cluster of its own. Ends by itself; on a terminal it
// says what to try next and leaves the data where it is.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { setUp } from './setup.mjs'

const root = fileURLToPath(new URL('..', import.meta.url))
const given = process.argv[2]
const isTerminal = process.stdout.isTTY === true && !process.env.CI
const dataDir = given === undefined ? mkdtempSync(path.join(os.tmpdir(), 'kcli-start-')) : path.resolve(given)
const quote = (word) => (/^[\w./:,=+@-]+$/.test(word) ? word : `'${word}'`)

function heading(text) {
  console.log(`\n# ${text}`)
}

/** Runs `kcli …` as a user would, shows it, and stops the demonstration when it fails. */
function kcli(args, input) {
  console.log(
    `$ ${input === undefined ? '' : `printf '${input.replaceAll('\n', '\\n')}' | `}kcli ${args.map(quote).join(' ')}`,
  )
  const { status, error } = spawnSync(process.execPath, [path.join(root, 'bin/run.js'), ...args], {
    env: { ...process.env, KCLI_DATA_DIR: dataDir, KCLI_BOOTSTRAP_SERVER: '' },
    input,
    stdio: [input === undefined ? 'ignore' : 'pipe', 'inherit', 'inherit'],
  })
  if (status === 0) return
  console.error(`kcli: this step failed (${error?.message ?? `exit code ${status}`})`)
  process.exit(1)
}

/** The files of one topic, each with its size on every broker. */
function showFiles(topic) {
  const brokers = readdirSync(dataDir)
    .filter((name) => /^broker-\d+$/.test(name))
    .sort()
  const files = readdirSync(path.join(dataDir, brokers[0]), { recursive: true })
    .map(String)
    .filter((file) => file.startsWith(`${topic}-`) && /\.(log|index|timeindex)$/.test(file))
    .sort()
  console.log(`${'FILE'.padEnd(40)} ${brokers.map((broker) => broker.padStart(9)).join(' ')}`)
  for (const file of files) {
    const copies = brokers.map((broker) => readFileSync(path.join(dataDir, broker, file)))
    const same = copies.every((copy) => copy.equals(copies[0])) ? 'same bytes' : ''
    console.log(
      `${file.padEnd(40)} ${copies.map((copy) => String(copy.length).padStart(9)).join(' ')}  ${same}`,
    )
  }
}

setUp()
const startedMs = Date.now()
console.log(`A cluster of three brokers in ${dataDir}`)

heading('A topic with three partitions, each on three brokers')
kcli(['topics', 'create', 'orders', '--partitions', '3', '--replication-factor', '3'])
kcli(['topics', 'describe', 'orders'])

heading('Records with a key: the key chooses the partition')
kcli(['produce', 'orders', '--key-delimiter', ':'], 'ann:10 apples\nbob:7 pears\nann:2 plums\ncarl:1 melon\n')

heading('The records again, with where they are stored')
kcli(['consume', 'orders', '--print', 'partition,offset,key,value'])
kcli(['topics', 'offsets', 'orders'])

heading('The segment files, with their bytes on each broker')
showFiles('orders')

heading('The znodes behind it, those of the running brokers included')
kcli(['cluster', 'status', '--znodes'])

console.log(`\nDone in ${((Date.now() - startedMs) / 1000).toFixed(1)} s.`)
if (isTerminal) {
  console.log(`
Try next:
  export KCLI_DATA_DIR=${quote(dataDir)}
  bin/run.js consume orders -o json
  bin/run.js topics --help
  bin/run.js cluster start          # the same cluster for other Kafka clients
Remove it with: rm -r ${quote(dataDir)}`)
} else if (given === undefined) {
  rmSync(dataDir, { recursive: true, force: true })
}

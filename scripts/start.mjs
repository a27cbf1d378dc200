// `npm start [-- DIR]`: the main job, shown with real commands on a cluster of its own. Ends by itself; on a terminal it
// says what to try next and leaves the data where it is.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
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

/** The files of one topic, over all brokers. */
function showFiles(topic) {
  const files = readdirSync(dataDir, { recursive: true })
    .map(String)
    .filter((file) => path.basename(path.dirname(file)).startsWith(`${topic}-`))
    .sort()
  for (const file of files) {
    if (!/\.(log|index|timeindex)$/.test(file)) continue
    console.log(`${String(statSync(path.join(dataDir, file)).size).padStart(10)}  ${file}`)
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

heading('The segment files: three brokers, three identical logs')
showFiles('orders')

heading('The znodes behind it')
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

/** How long a Tab takes: whole processes for bash, zsh and fish, and the shell's own with 10,000 topics. */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { loadTs } from '../../scripts/load-ts.mjs'
import { interleave, median, number, table, timeOnce } from './measure.mjs'

const TOPICS = 10_000

/** What is completed, and after how many milliseconds it has to be there. */
const LINES = [
  ['commands', ['']],
  ['flags', ['consume', 'orders', '--']],
  ['topics, from the cache', ['topics', 'describe', 'topic-99']],
  ['partitions, from the cache', ['consume', 'topic-99', '--partition', '']],
  ["a tool's flags", ['kafka-topics', '--']],
  ['settings', ['topics', 'create', 'x', '--config', '']],
  ['client settings', ['topics', 'list', '-X', '']],
]

export async function completion({ support, rounds = 10, kcliWanted }) {
  if (!kcliWanted) return
  const home = mkdtempSync(path.join(os.tmpdir(), 'kcli-bench-'))
  try {
    const env = support.childEnv({
      HOME: home,
      XDG_CACHE_HOME: path.join(home, 'cache'),
      KCLI_DATA_DIR: path.join(home, 'data'),
    })
    const command = path.join(support.repositoryDir, 'bin', 'run.js')
    const kcli = (...words) => timeOnce(process.execPath, [command, '__complete', '--', ...words], env)
    const prepare = cacheOf(home, () => timeOnce(process.execPath, [command, '__complete', '--refresh'], env))
    const cases = [{ name: 'node -e 0', run: () => timeOnce(process.execPath, ['-e', '0'], env) }]
    for (const [name, words] of LINES)
      cases.push({ name: `kcli __complete: ${name}`, limit: 150, prepare, run: () => kcli(...words) })
    // The first run of all writes the code cache.
    for (const { prepare: before, run } of cases) {
      before?.()
      run()
    }
    const times = interleave(cases, rounds)
    const base = median(times.get('node -e 0'))
    table([
      ['process', 'ms', 'x node', 'ms at most'],
      ...cases.map(({ name, limit }) => {
        const ms = median(times.get(name))
        return [name, number(ms), number(ms / base, 1), limit ?? '']
      }),
    ])
    table(await inTheShell(support.repositoryDir, rounds))
  } finally {
    rmSync(home, { recursive: true, force: true })
  }
}

/** Gives what writes the names into the cache as if they had just been asked for, so that nobody asks a cluster meanwhile. */
function cacheOf(home, refresh) {
  refresh()
  const folder = path.join(home, 'cache', 'kcli', 'names')
  const [file] = readdirSync(folder)
  const topics = Array.from({ length: TOPICS }, (_, i) => [`topic-${i}`, 100])
  return () => {
    const names = { topics, groups: [], brokers: [0], askedAtMs: Date.now() }
    writeFileSync(path.join(folder, file), JSON.stringify(names), { mode: 0o600 })
  }
}

async function inTheShell(root, rounds) {
  const load = (file) => loadTs(path.join(root, 'src', 'cli', file))
  const [{ complete }, { readCommandFacts }] = await Promise.all([
    load('shell/completion.ts'),
    load('completion/command-facts.ts'),
  ])
  const facts = readCommandFacts(root)
  const topics = Array.from({ length: TOPICS }, (_, i) => `topic-${i}`)
  const source = {
    commands: { facts, ids: new Set(facts.keys()) },
    directory: [],
    names: () => Promise.resolve(topics),
    configs: () => Promise.resolve([]),
    profiles: () => Promise.resolve([]),
  }
  const rows = [[`in the shell, ${TOPICS} topics`, 'ms', 'ms at most']]
  for (const line of ['topics describe ', 'topics describe topic-99', 'consume topic-9 --']) {
    const times = []
    for (let i = 0; i < rounds; i++) {
      const startMs = performance.now()
      await complete(source, line, line.length)
      times.push(performance.now() - startMs)
    }
    rows.push([`${line}Tab`, number(median(times), 1), 50])
  }
  return rows
}

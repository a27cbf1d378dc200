// Makes a fresh clone ready: installs what the lockfile says and builds, each only when it is needed. Uses nothing but
// Node, because it runs before anything is installed.
import { spawnSync } from 'node:child_process'
import { lstatSync, readdirSync, statSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))

function modifiedMs(relative) {
  try {
    return statSync(path.join(root, relative)).mtimeMs
  } catch {
    return 0
  }
}

function newestMs(relative) {
  let newest = modifiedMs(relative)
  const stat = statSync(path.join(root, relative), { throwIfNoEntry: false })
  if (!stat?.isDirectory()) return newest
  for (const entry of readdirSync(path.join(root, relative), { recursive: true })) {
    newest = Math.max(newest, modifiedMs(path.join(relative, String(entry))))
  }
  return newest
}

/** Runs a tool of the package with its output on stderr, and ends this process when it fails. */
function run(label, command, args) {
  console.error(`> ${label}`)
  const isWindows = process.platform === 'win32'
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: isWindows })
  if (status === 0) return
  console.error(`kcli: ${label} failed${error ? `: ${error.message}` : ''}`)
  process.exit(1)
}

/** `npm ci` leaves a copy of the lockfile behind; it is older than the lockfile when that has changed since. */
export function install() {
  // A linked node_modules is that of another checkout, and npm would empty it.
  if (lstatSync(path.join(root, 'node_modules'), { throwIfNoEntry: false })?.isSymbolicLink()) return
  if (modifiedMs('node_modules/.package-lock.json') >= modifiedMs('package-lock.json')) return
  run('npm ci', 'npm', ['ci', '--no-audit', '--no-fund'])
}

export function build() {
  const built = Math.min(modifiedMs('dist/cli.cjs'), modifiedMs('dist/index.js'))
  const sources = Math.max(...['src', 'commands', 'scripts/build.mjs', 'package.json'].map(newestMs))
  if (built > sources) return
  run('build', process.execPath, ['scripts/build.mjs'])
}

export function setUp() {
  install()
  build()
}

if (process.argv[1] === fileURLToPath(import.meta.url)) setUp()

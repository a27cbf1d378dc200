'use strict'
/**
 * Loads `dist/cli.cjs` with V8's code cache. Parsing and compiling the bundle is most of what a cold command costs; the
 * cache is written when the first run of a command ends, so it also holds the functions that were compiled on the way.
 *
 * One cache file per command, beside the bundle or (when that folder is not ours to write) in the user's cache folder. A
 * file is used only when it belongs to the user or to root, and V8 refuses it by itself when its version, its flags or
 * the source do not fit. Nothing that goes wrong here may stop the command: without a cache it is only slower.
 */
const fs = require('node:fs')
const Module = require('node:module')
const path = require('node:path')
const vm = require('node:vm')

const root = path.join(__dirname, '..')
const bundlePath = path.join(root, 'dist', 'cli.cjs')

function run(argv) {
  let source
  let stat
  try {
    source = fs.readFileSync(bundlePath, 'latin1')
    stat = fs.statSync(bundlePath)
  } catch (error) {
    if (error.code !== 'ENOENT') throw error
    process.stderr.write('kcli: not built yet\nRun `npm run build` in the package folder first.\n')
    process.exitCode = 1
    return
  }
  const wrapped = `(function (exports, require, module, __filename, __dirname) {${source}\n})`
  const directories = process.env.KCLI_CODE_CACHE === '0' ? [] : cacheDirectories()
  const name = cacheName(argv, stat)
  const cachedData = readCache(directories, name)
  const script = new vm.Script(wrapped, {
    filename: bundlePath,
    ...(cachedData && { cachedData }),
  })
  const isFresh = cachedData !== undefined && !script.cachedDataRejected
  // Oclif may ask for the bundle by its path (to suggest a command): it gets this one, not a second copy.
  const bundle = new Module(bundlePath, module)
  bundle.filename = bundlePath
  bundle.loaded = true
  require.cache[bundlePath] = bundle
  const load = script.runInThisContext()
  load.call(
    bundle.exports,
    bundle.exports,
    Module.createRequire(bundlePath),
    bundle,
    bundlePath,
    path.dirname(bundlePath),
  )
  bundle.exports.run(argv, root, {
    beforeExit(isKnown) {
      // What was mistyped gets no file: there would be one for each way to mistype.
      if (!isFresh && isKnown) writeCache(directories, name, script)
    },
  })
}

/** The command's words make the name; anything that is not a plain word (a topic, a flag) ends them. */
function cacheName(argv, stat) {
  const words = []
  for (const word of argv.slice(0, 2)) {
    if (!/^[a-z_-]{1,24}$/.test(word) || word.startsWith('-')) break
    words.push(word)
    if (!NOUNS.has(word)) break
  }
  const key = [process.versions.v8, process.arch, stat.size, Math.floor(stat.mtimeMs)].join('_')
  return `${words.join('_') || 'kcli'}@${key}.cache`
}

/** Words that a second word belongs to. The rest of the line is then user input and makes no file names. */
const NOUNS = new Set(['topics', 'topic', 'cluster', 'broker'])

function cacheDirectories() {
  const home = process.env.XDG_CACHE_HOME || (process.env.HOME && path.join(process.env.HOME, '.cache'))
  const own = path.join(root, 'dist', '.code-cache')
  return home ? [own, path.join(home, 'kcli', 'code')] : [own]
}

function readCache(directories, name) {
  for (const directory of directories) {
    let fd
    try {
      fd = fs.openSync(path.join(directory, name), 'r')
      const { uid, size } = fs.fstatSync(fd)
      const trusted = process.getuid === undefined || uid === process.getuid() || uid === 0
      if (!trusted) continue
      const bytes = Buffer.allocUnsafeSlow(size)
      if (fs.readSync(fd, bytes, 0, size, 0) === size) return bytes
    } catch {
      // Not there or not readable: try the next place.
    } finally {
      if (fd !== undefined) fs.closeSync(fd)
    }
  }
  return undefined
}

function writeCache(directories, name, script) {
  for (const directory of directories) {
    const temporary = path.join(directory, `${name}.${process.pid}.tmp`)
    try {
      fs.mkdirSync(directory, { recursive: true, mode: 0o700 })
      removeOld(directory, name)
      fs.writeFileSync(temporary, script.createCachedData(), { mode: 0o644, flag: 'wx' })
      fs.renameSync(temporary, path.join(directory, name))
      return
    } catch {
      try {
        fs.unlinkSync(temporary)
      } catch {
        // It was never made.
      }
    }
  }
}

/** Caches of the same command for another bundle are of no use any more; those for another Node may be. */
function removeOld(directory, name) {
  const prefix = name.slice(0, name.indexOf('@') + 1)
  const runtime = `${process.versions.v8}_${process.arch}_`
  for (const other of fs.readdirSync(directory)) {
    if (other !== name && other.startsWith(prefix + runtime)) fs.unlinkSync(path.join(directory, other))
  }
}

module.exports = { run }

// Builds what the package runs: dist/cli.cjs (the command, one file), dist/index.js and its like (the library, in parts that
// are loaded when they are needed), dist/cleaner-worker.cjs (the thread in which logs are compacted, for both) and
// oclif.manifest.json (what help shows without loading a command).
import { spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Plugin } from '@oclif/core/config'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const pjson = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))

/** Packages with native code or a big tree of their own stay outside and are loaded when they are needed. */
const external = [
  ...Object.keys(pjson.optionalDependencies),
  'chalk',
  'cli-table3',
  'inquirer',
  'ora',
  // What oclif would load in development mode, which is not used here.
  'typescript',
  'ts-node',
  'tsx',
]

const shared = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
  lineLimit: 160,
  legalComments: 'none',
  logLevel: 'warning',
  metafile: true,
}

/** `topics:create` → `commands/topics/create.ts`. */
export function commandFiles() {
  const files = readdirSync(path.join(root, 'commands'), { recursive: true })
    .map((file) => String(file).split(path.sep).join('/'))
    .filter((file) => file.endsWith('.ts'))
    .sort()
  return Object.fromEntries(
    files.map((file) => [
      file
        .slice(0, -3)
        .replace(/\/index$/, '')
        .replaceAll('/', ':'),
      file,
    ]),
  )
}

function entry() {
  const getters = Object.entries(commandFiles())
    .map(([id, file]) => `  get '${id}'() { return require('./commands/${file}').default },`)
    .join('\n')
  return `import { main } from './src/cli/main.ts'
export const COMMANDS = {\n${getters}\n}
export const run = (argv, root, hooks) => main(argv, root, COMMANDS, hooks)
`
}

/**
 * The bundle runs as a script with a code cache (bin/load-bundle.js), and such a script may not use `import()`. What is
 * bundled needs none; for the packages outside it becomes a call of bin/import-module.js.
 */
const banner = `const importMetaUrl = require('node:url').pathToFileURL(__filename).href
const importModule = (specifier) => require('../bin/import-module.js')(specifier)
`

async function buildCommand(outfile) {
  const result = await build({
    ...shared,
    stdin: { contents: entry(), resolveDir: root, sourcefile: 'entry.ts', loader: 'ts' },
    format: 'cjs',
    external,
    outfile,
    write: false,
    define: { 'import.meta.url': 'importMetaUrl' },
  })
  const [output] = result.outputFiles
  const text = `${banner}${output.text.replace(/\bimport\(/g, 'importModule(')}`
  mkdirSync(path.dirname(path.resolve(root, outfile)), { recursive: true })
  writeFileSync(path.resolve(root, outfile), text)
  return result
}

/** Beside both bundles: `src/storage/cleaner/make-cleaner.ts` looks for it there. */
export async function buildCleanerWorker(outfile) {
  await build({
    ...shared,
    entryPoints: ['src/storage/cleaner/worker-main.ts'],
    format: 'cjs',
    external,
    outfile,
    define: { 'import.meta.url': 'importMetaUrl' },
    banner: { js: "const importMetaUrl = require('node:url').pathToFileURL(__filename).href" },
  })
}

/** The parts are beside the entries, as what they look for beside themselves is there. */
async function buildLibrary() {
  const dist = path.join(root, 'dist')
  mkdirSync(dist, { recursive: true })
  for (const file of readdirSync(dist)) if (/^part-.*\.js$/.test(file)) rmSync(path.join(dist, file))
  await build({
    ...shared,
    entryPoints: ['src/index.ts', 'src/vitest.ts'],
    format: 'esm',
    splitting: true,
    packages: 'external',
    outdir: 'dist',
    chunkNames: 'part-[hash]',
  })
}

/** The text of oclif.manifest.json as the command classes in `bundle` make it. */
async function manifestOf(bundle) {
  const commands = { ...pjson.oclif.commands, target: path.relative(root, bundle) }
  const plugin = new Plugin({
    root,
    isRoot: true,
    ignoreManifest: true,
    errorOnManifestCreate: true,
    pjson: { ...pjson, oclif: { ...pjson.oclif, commands } },
  })
  await plugin.load()
  return `${JSON.stringify(plugin.manifest, null, 2)}\n`
}

/** For the test that keeps the committed file current: built from the sources as they are, away from dist/. */
export async function freshManifest(directory) {
  const bundle = path.join(directory, 'cli.cjs')
  await buildCommand(bundle)
  return await manifestOf(bundle)
}

function writeIfChanged(file, text) {
  let before = ''
  try {
    before = readFileSync(file, 'utf8')
  } catch {
    // The first build.
  }
  if (text !== before) writeFileSync(file, text)
}

export async function buildAll() {
  rmSync(path.join(root, 'dist/.code-cache'), { recursive: true, force: true })
  const [{ metafile }] = await Promise.all([
    buildCommand('dist/cli.cjs'),
    buildLibrary(),
    buildCleanerWorker('dist/cleaner-worker.cjs'),
  ])
  writeIfChanged(path.join(root, 'oclif.manifest.json'), await manifestOf(path.join(root, 'dist/cli.cjs')))
  return metafile
}

/** Declarations for `import … from 'kcli'`; only a package needs them. */
function writeTypes() {
  const tsc = path.join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'tsgo.cmd' : 'tsgo')
  rmSync(path.join(root, 'dist/types'), { recursive: true, force: true })
  const { status } = spawnSync(tsc, ['-p', 'scripts/tsconfig.types.json'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (status !== 0) throw new Error('the declarations could not be written')
  removeUnreachable(path.join(root, 'dist/types'), TYPE_ENTRIES)
}

/** Where programs come in; scripts/tsconfig.types.json has the same. */
export const TYPE_ENTRIES = ['src/index.d.ts', 'src/vitest.d.ts']

/** Most declarations are of what the library keeps to itself: nobody gets there from an entry. */
export function removeUnreachable(types, entries) {
  const reached = new Set()
  const visit = (file) => {
    if (reached.has(file)) return
    reached.add(file)
    for (const [, specifier] of readFileSync(file, 'utf8').matchAll(
      /(?:\bfrom |\bimport\()['"](\.[^'"]+)['"]/g,
    ))
      visit(path.resolve(path.dirname(file), specifier.replace(/\.[jt]s$/, '.d.ts')))
  }
  for (const entry of entries) visit(path.join(types, entry))
  for (const name of readdirSync(types, { recursive: true })) {
    const file = path.join(types, String(name))
    if (file.endsWith('.d.ts') && !reached.has(file)) rmSync(file)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const metafile = await buildAll()
  if (process.argv.includes('--types')) writeTypes()
  const [size] = Object.values(metafile.outputs).map((output) => output.bytes)
  console.log(`dist/cli.cjs ${(size / 1024).toFixed(0)} KB, ${Object.keys(metafile.inputs).length} modules`)
}

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { transform } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
import ts from 'typescript'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanEnv, root, temporaryDirectory } from '../support/cli.ts'
import { execute, installPackage, tool } from './support/package.ts'

interface Example {
  readonly line: number
  readonly isTest: boolean
  readonly code: string
  /** What it prints; undefined when the page does not say. */
  readonly output: string | undefined
}

const directory = temporaryDirectory('kcli-library')
const program = directory.path
let installed: string
beforeAll(async () => {
  installed = await installPackage(program)
  for (const example of examples) writeFileSync(path.join(program, fileOf(example)), example.code)
  writeFileSync(path.join(program, 'package.json'), '{ "type": "module" }')
})
afterAll(() => directory.remove())

const examples = examplesOf(readFileSync(path.join(root, 'docs/from-typescript.md'), 'utf8'))

function examplesOf(page: string): Example[] {
  const block = /^```ts( test)?\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms
  return [...page.matchAll(block)].map(({ index, 1: test, 2: code = '', 3: output }) => ({
    line: page.slice(0, index).split('\n').length,
    isTest: test !== undefined,
    code,
    output,
  }))
}

function fileOf({ line, isTest }: Example): string {
  return `line-${line}${isTest ? '.test' : ''}.ts`
}

function exportsOf(program: ts.Program, entry: string) {
  const checker = program.getTypeChecker()
  const file = program.getSourceFile(entry)
  const module = file && checker.getSymbolAtLocation(file)
  return (module ? checker.getExportsOfModule(module) : []).map((symbol) => {
    const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol
    return {
      name: symbol.name,
      documentation: ts.displayPartsToString(target.getDocumentationComment(checker)),
    }
  })
}

const COMPILER_OPTIONS = {
  target: 'ES2022',
  lib: ['ES2023', 'ESNext.Disposable'],
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  types: ['node'],
  noEmit: true,
}

describe('the package', () => {
  it('is one that tools understand', async () => {
    const { messages, pkg } = await publint({ pkgDir: installed, pack: false, strict: true })
    const texts = messages
      // The command's files are not copied here.
      .filter(({ path: [field] }) => field === undefined || !['bin', 'files'].includes(field))
      .map((message) => formatMessage(message, pkg))
    expect(texts).toEqual([])
  })

  it.each([
    { module: 'NodeNext', moduleResolution: 'NodeNext' },
    { module: 'ESNext', moduleResolution: 'Bundler' },
  ])('has types that stand all checks, under %o', async (resolution) => {
    const config = path.join(program, `tsconfig.${resolution.module}.json`)
    const compilerOptions = { ...COMPILER_OPTIONS, ...resolution, skipLibCheck: false }
    writeFileSync(config, JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const errors = await execute(tool('tsgo'), ['-p', config], { cwd: program }).catch(
      (error: { stdout: string }) => error,
    )
    expect(errors.stdout).toBe('')
  })

  it('has errors that know their names', async () => {
    const script = `
      const names = Object.entries(require('kcli')).filter(([name]) => /Error$|Cluster$/.test(name))
      console.log(names.length > 15, names.filter(([name, { name: own }]) => name !== own))`
    const { stdout } = await execute(process.execPath, ['-e', script], { cwd: program, env: cleanEnv() })
    expect(stdout).toBe('true []\n')
  })

  it('can be required', async () => {
    const script =
      "const { startCluster } = require('kcli'); startCluster().then((cluster) => cluster.close())"
    const options = { cwd: program, env: cleanEnv(), timeout: 20_000 }
    expect(await execute(process.execPath, ['-e', script], options)).toMatchObject({ stdout: '', stderr: '' })
  })

  it('says of every name what it is', () => {
    const types = path.join(installed, 'dist/types/src')
    const entries = ['index.d.ts', 'vitest.d.ts'].map((file) => path.join(types, file))
    const resolution = { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext }
    const program = ts.createProgram(entries, { ...resolution, skipLibCheck: true, types: [] })
    const names = entries.flatMap((entry) => exportsOf(program, entry))
    expect(names.length).toBeGreaterThan(80)
    expect(names.filter(({ documentation }) => documentation === '')).toEqual([])
  })

  it('leaves nothing behind: no timer, no socket, no file', async () => {
    const file = path.join(program, 'alone.mjs')
    const text = `
      import { readdirSync } from 'node:fs'
      // Also those that would not keep a process alive: they would keep the cluster in memory.
      const timers = new Set()
      const { setTimeout, clearTimeout } = globalThis
      globalThis.setTimeout = (fn, ms) => {
        const timer = setTimeout(() => { timers.delete(timer); fn() }, ms)
        timers.add(timer)
        return timer
      }
      globalThis.clearTimeout = (timer) => { timers.delete(timer); clearTimeout(timer) }
      const { startCluster } = await import('kcli')
      const active = async () => {
        await new Promise((resolve) => setTimeout(resolve, 10))
        return process.getActiveResourcesInfo().sort().join()
      }
      const before = await active()
      const cluster = await startCluster({ listen: true, topics: ['orders'] })
      await cluster.producer().send({ topic: 'orders', value: 'x' })
      const consumer = cluster.consumer({ groupId: 'billing', autoOffsetReset: 'earliest' })
      consumer.subscribe(['orders'])
      for await (const record of consumer) break
      await cluster.close()
      console.log(await active() === before, timers.size, readdirSync('.').length)
    `
    writeFileSync(file, text)
    const empty = temporaryDirectory('kcli-empty')
    try {
      const options = { cwd: empty.path, env: cleanEnv({ TMPDIR: empty.path }), timeout: 20_000 }
      const { stdout } = await execute(process.execPath, [file], options)
      expect(stdout).toBe('true 0 0\n')
    } finally {
      empty.remove()
    }
  })
})

describe('docs/from-typescript.md', () => {
  it('has examples', () => {
    expect(examples.length).toBeGreaterThan(8)
  })

  it.each(examples.filter(({ isTest }) => !isTest))('line $line does what it says', async (example) => {
    const { code } = await transform(example.code, { loader: 'ts', target: 'node20' })
    const file = path.join(program, `line-${example.line}.mjs`)
    writeFileSync(file, code)
    const options = { cwd: program, env: cleanEnv(), timeout: 30_000 }
    const { stdout, stderr } = await execute(process.execPath, [file], options)
    expect(stderr).toBe('')
    if (example.output !== undefined) expect(stdout).toBe(example.output)
  })

  it('has tests that pass', () => {
    const args = ['run', '--root', program, '--reporter', 'json']
    const report = JSON.parse(
      execFileSync(tool('vitest'), args, {
        cwd: program,
        env: cleanEnv(),
        encoding: 'utf8',
        timeout: 60_000,
      }),
    )
    expect(report).toMatchObject({ success: true, numFailedTests: 0, numPendingTests: 0 })
    expect(report.numPassedTests).toBeGreaterThan(0)
  })
})

import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { transform } from 'esbuild'
import { publint } from 'publint'
import { formatMessage } from 'publint/utils'
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
    ['tsc', { module: 'NodeNext', moduleResolution: 'NodeNext' }],
    ['tsgo', { module: 'ESNext', moduleResolution: 'Bundler' }],
  ])('has types that %s takes, with all checks, under %o', async (compiler, resolution) => {
    const config = path.join(program, `tsconfig.${compiler}.json`)
    const compilerOptions = { ...COMPILER_OPTIONS, ...resolution, skipLibCheck: false }
    writeFileSync(config, JSON.stringify({ compilerOptions, include: ['*.ts'] }))
    const errors = await execute(tool(compiler), ['-p', config], { cwd: program }).catch(
      (error: { stdout: string }) => error,
    )
    expect(errors.stdout).toBe('')
  })

  it('leaves nothing behind: no timer, no socket, no file', async () => {
    const file = path.join(program, 'alone.mjs')
    const text = `
      import { readdirSync } from 'node:fs'
      import { startCluster } from 'kcli'
      const active = async () => {
        await new Promise((resolve) => setTimeout(resolve, 10))
        return process.getActiveResourcesInfo().sort().join()
      }
      const before = await active()
      const cluster = await startCluster({ listen: true, topics: ['orders'] })
      await cluster.producer().send({ topic: 'orders', value: 'x' })
      await cluster.close()
      console.log(await active() === before, readdirSync('.').length)
    `
    writeFileSync(file, text)
    const empty = temporaryDirectory('kcli-empty')
    try {
      const options = { cwd: empty.path, env: cleanEnv({ TMPDIR: empty.path }), timeout: 20_000 }
      const { stdout } = await execute(process.execPath, [file], options)
      expect(stdout).toBe('true 0\n')
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
    expect(report).toMatchObject({
      success: true,
      numPassedTests: examples.filter(({ isTest }) => isTest).length,
    })
  })
})

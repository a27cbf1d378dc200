import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { root, runCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-start-up')
afterAll(() => directory.remove())

/** What a command loads: files of packages and of our own, and Node's internal modules. */
async function loadedBy(args: readonly string[]): Promise<{ files: string[]; builtins: number }> {
  const report = path.join(directory.path, 'modules.json')
  const counter = path.join(root, 'test/support/count-modules.cjs')
  const result = await runCli(args, {
    env: {
      NODE_OPTIONS: `--require ${counter}`,
      KCLI_TEST_MODULES: report,
      KCLI_DATA_DIR: path.join(directory.path, 'data'),
    },
  })
  expect(result).toMatchObject({ code: 0 })
  const { files, builtins } = JSON.parse(readFileSync(report, 'utf8')) as {
    files: string[]
    builtins: number
  }
  return { files: files.map((file) => path.relative(root, file)), builtins }
}

describe('what is loaded at start-up', () => {
  it('is next to nothing for --version', async () => {
    const { files } = await loadedBy(['--version'])
    expect(files.sort()).toEqual(['bin/run.js', 'package.json'])
  })

  it('is one bundle for a command, and no package for drawing or asking', async () => {
    await loadedBy(['topics', 'create', 'first'])
    const { files, builtins } = await loadedBy(['topics', 'list'])
    const native = /node_modules\/(koffi|@koromix|@node-rs|detect-libc)\//
    const own = files.filter((file) => !native.test(file))
    expect(own.sort()).toEqual(['bin/load-bundle.js', 'bin/run.js', 'dist/cli.cjs'])
    expect(files.length).toBeLessThan(20)
    // Node itself loads about 110 for an empty script with this preload.
    expect(builtins).toBeLessThan(320)
  })
})

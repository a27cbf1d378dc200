import path from 'node:path'
import zlib from 'node:zlib'
import { afterAll, describe, expect, it } from 'vitest'
import { type CliOptions, copyPackage, runCli, temporaryDirectory } from '../support/cli.ts'

// The command as it is where none of the optional packages could be installed: no node_modules at all.

const directory = temporaryDirectory('kcli-bare')
afterAll(() => directory.remove())
const runner = copyPackage(path.join(directory.path, 'kcli'))

const kcli = (args: string[], options: CliOptions = {}) =>
  runCli(args, {
    ...options,
    env: { KCLI_DATA_DIR: path.join(directory.path, 'data') },
    runner,
  })

const lines = Array.from({ length: 2000 }, (_, i) => `line ${i}, and more of the same`).join('\n')
const hasZstd = 'zstdCompressSync' in zlib

describe('without the native packages', () => {
  const codecs = ['none', 'gzip', 'snappy', 'lz4', ...(hasZstd ? ['zstd'] : [])]
  it.each(codecs)('gives back what was produced with %s', async (codec) => {
    expect(await kcli(['topics', 'create', codec])).toMatchObject({ code: 0 })
    expect(await kcli(['produce', codec, '-z', codec], { input: lines })).toMatchObject({ code: 0 })
    expect((await kcli(['consume', codec])).stdout).toBe(`${lines}\n`)
  })

  it.runIf(!hasZstd)('says what zstd needs on this Node, before anything is sent', async () => {
    expect(await kcli(['topics', 'create', 'zstd'])).toMatchObject({ code: 0 })
    const refused = await kcli(['produce', 'zstd', '-z', 'zstd'], { input: lines })
    expect(refused.stderr).toMatch(/zstd needs the package '@cloudpss\/zstd'.*\nInstall it with/)
    expect(refused.stderr).not.toMatch(/ {4}at /)
    expect(refused.code).toBeGreaterThan(0)
    expect((await kcli(['consume', 'zstd'])).stdout).toBe('')
  })
})

import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync } from 'node:fs'
import path from 'node:path'
import { build } from 'esbuild'
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { FileLocks } from '../../src/base/file-lock.ts'
import { cleanEnv, root } from '../support/cli.ts'
import { temporaryDirectory } from '../support/temporary.ts'

/** Tries each file named on its standard input, says what came of it, and holds what it got until it is ended. */
const CHILD = `
  import { createInterface } from 'node:readline'
  import { FileLocks } from './src/base/file-lock.ts'
  const locks = new FileLocks(process.argv.at(-1) === 'native' ? {} : { native: false })
  createInterface({ input: process.stdin }).on('line', (line) => {
    console.log(locks.tryLock(line) === null ? 'refused' : 'locked')
  })
`

let childCode = ''

beforeAll(async () => {
  const bundled = await build({
    stdin: { contents: CHILD, resolveDir: root, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format: 'esm',
    write: false,
  })
  childCode = bundled.outputFiles[0]?.text ?? ''
})

function startChild(
  directory: string,
  way: string,
): { child: ChildProcess; tryLock: (file: string) => Promise<string> } {
  const args = ['--input-type=module', '-e', childCode, '--', way]
  // The bundle lives nowhere: the optional package is found through the search path.
  const env = cleanEnv({ NODE_PATH: path.join(root, 'node_modules') })
  const child = spawn(process.execPath, args, { cwd: directory, env, stdio: ['pipe', 'pipe', 'inherit'] })
  onTestFinished(() => {
    child.kill('SIGKILL')
  })
  const tryLock = async (file: string) => {
    child.stdin?.write(`${file}\n`)
    const ended = once(child, 'exit').then(([code]) => [`ended with ${code}`])
    const [answer] = await Promise.race([once(child.stdout as NodeJS.ReadableStream, 'data'), ended])
    return String(answer).trim()
  }
  return { child, tryLock }
}

describe.each(['native', 'owner file'])('%s', (way) => {
  const locks = () => new FileLocks(way === 'native' ? {} : { native: false })

  test('processes exclude each other, and the lock is gone with the one that was killed', async () => {
    const directory = temporaryDirectory()
    const file = path.join(directory, '.lock')
    const one = startChild(directory, way)
    const two = startChild(directory, way)
    expect(await one.tryLock(file)).toBe('locked')
    expect(await two.tryLock(file)).toBe('refused')
    expect(await one.tryLock(file)).toBe('refused')
    expect(locks().tryLock(file)).toBeNull()
    // Failed tries, and those of the holder itself, must not have dropped it.
    expect(await two.tryLock(file)).toBe('refused')
    one.child.kill('SIGKILL')
    await once(one.child, 'exit')
    expect(await two.tryLock(file)).toBe('locked')
    expect(locks().tryLock(file)).toBeNull()
  })

  test('looking at a lock says who has it, and takes nothing from anybody', async () => {
    const directory = temporaryDirectory()
    const file = path.join(directory, '.lock')
    expect(locks().isHeld(file)).toBe(false)
    expect(readdirSync(directory)).toEqual([])
    const { child, tryLock } = startChild(directory, way)
    expect(await tryLock(file)).toBe('locked')
    const names = readdirSync(directory)
    for (let i = 0; i < 3; i++) expect(locks().isHeld(file)).toBe(true)
    expect(locks().tryLock(file)).toBeNull()
    expect(readdirSync(directory)).toEqual(names)
    child.kill('SIGKILL')
    await once(child, 'exit')
    expect(locks().isHeld(file)).toBe(false)
    // Looked at by the one that has it, it is still there.
    const own = locks()
    expect(own.tryLock(file)).not.toBeNull()
    expect(own.isHeld(file)).toBe(true)
    expect(await startChild(directory, way).tryLock(file)).toBe('refused')
  })

  test('of many that try at once after the holder was killed, one gets it', async () => {
    const directory = temporaryDirectory()
    const file = path.join(directory, '.lock')
    const first = startChild(directory, way)
    expect(await first.tryLock(file)).toBe('locked')
    const others = Array.from({ length: 5 }, () => startChild(directory, way))
    await Promise.all(others.map((other) => other.tryLock(file)))
    first.child.kill('SIGKILL')
    await once(first.child, 'exit')
    const answers = await Promise.all(others.map((other) => other.tryLock(file)))
    expect(answers.filter((answer) => answer === 'locked')).toHaveLength(1)
  })
})

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { copyPackage, root, runCli, temporaryDirectory } from '../support/cli.ts'

const { version } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }
const userAgent = `kcli/${version} ${process.platform}-${process.arch} node-${process.version}\n`

describe('kcli', () => {
  it.each(['--version', '-v', 'version'])('tells its version with %s', async (word) => {
    expect(await runCli([word])).toMatchObject({ code: 0, stdout: userAgent, stderr: '' })
  })

  it('shows help for all, for a topic and for a command', async () => {
    const all = await runCli(['--help'])
    expect(all).toMatchObject({ code: 0, stderr: '' })
    expect(all.stdout).toMatch(/produce +Send records/)
    const topic = await runCli(['topic', '--help'])
    expect(topic.stdout).toMatch(/topics create +Create topics/)
    const command = await runCli(['help', 'topics', 'create'])
    expect(command.stdout).toContain('$ kcli topics create orders --partitions 3 --replication-factor 3')
    expect((await runCli(['topics', 'create', '-h'])).stdout).toBe(command.stdout)
  })

  it('names the nearest command, on one line and the next', async () => {
    expect(await runCli(['topics', 'creat', 'orders'])).toMatchObject({
      code: 2,
      stdout: '',
      stderr: "kcli: there is no command 'topics creat'\nDid you mean: kcli topics create\n",
    })
  })

  it('keeps compiled code for commands, none for what was mistyped', async () => {
    const cacheDir = temporaryDirectory('kcli-cache')
    try {
      const runner = copyPackage(path.join(cacheDir.path, 'kcli'))
      // A package folder in which nothing can be made, as one that belongs to root.
      writeFileSync(path.join(cacheDir.path, 'kcli/dist/.code-cache'), '')
      const env = { XDG_CACHE_HOME: path.join(cacheDir.path, 'cache') }
      const run = (...args: string[]) => runCli(args, { env, runner })
      const names = () =>
        readdirSync(path.join(env.XDG_CACHE_HOME, 'kcli/code')).map((name) => name.split('@')[0])
      await run('topics', 'list', '--bogus')
      await run('topic', 'ls', '--bogus')
      await run('topcis', 'list')
      await run('topics', 'lits')
      expect(names().sort()).toEqual(['topic_ls', 'topics_list'])
    } finally {
      cacheDir.remove()
    }
  })

  it.each([
    [['topics', 'create'], /^kcli: no topic given\nName it as an argument or with --topic\.\n$/],
    [['topics', 'list', '--bogus'], /^kcli: topics list has no flag --bogus\n/],
    [
      ['topics', 'create', 'x', '--partitions', 'many'],
      /^kcli: --partitions is 'many', and takes a whole number\n/,
    ],
    [['topics', 'list', '-o', 'xml'], /^kcli: --output is 'xml', and takes one of table, wide/],
    [['topics', 'list', '-b', 'a:b:c'], /^kcli: --bootstrap-server has the address 'a:b:c'\n/],
    [['consume', 'x', '--group', 'g', '--tail', '1'], /^kcli: --group and --tail cannot be given together/],
    [['produce', 'x', '--transactional-id', 't'], /^kcli: transactions are not supported yet\n/],
    [['console-consumer'], /^kcli: exactly one of --topic and --include/],
    [['console-producer'], /^kcli: --topic is missing\n/],
  ])('ends %j with exit code 2 and says why', async (args, message) => {
    const result = await runCli(args)
    expect(result.stderr).toMatch(message)
    expect(result).toMatchObject({ code: 2, stdout: '' })
    expect(result.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2)
  })

  it('ends with 3 when nobody answers, and shows a stack only with --debug', async () => {
    const result = await runCli(['topics', 'list', '--bootstrap-server', '127.0.0.1:1'])
    expect(result).toMatchObject({ code: 3, stdout: '' })
    expect(result.stderr).toMatch(
      /^kcli: cannot connect to 127\.0\.0\.1:1 \(ECONNREFUSED\)\nNothing listens there/,
    )
    const debug = await runCli(['topics', 'list', '--bootstrap-server', '127.0.0.1:1', '--debug'])
    expect(debug.stderr).toMatch(/\n\s+at /)
  })

  it('gives the error as data with --json', async () => {
    const result = await runCli(['topics', 'list', '--json', '-b', '127.0.0.1:1'])
    expect(result.code).toBe(3)
    expect(JSON.parse(result.stdout)).toMatchObject({ error: { code: 'KCLI_UNREACHABLE', exitCode: 3 } })
  })

  it('takes the target from the environment', async () => {
    const result = await runCli(['topics', 'list'], { env: { KCLI_BOOTSTRAP_SERVER: '127.0.0.1:2' } })
    expect(result.stderr).toContain('127.0.0.1:2')
  })
})

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli, runner } from '../support/cli.ts'

let folder: string
let env: Record<string, string>
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kcli-'))
  env = { KCLI_DATA_DIR: path.join(folder, 'data'), XDG_STATE_HOME: folder }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const script = (text: string) => runCli(['-c', text], { env, cwd: folder })

describe('kcli -c', () => {
  it('runs many commands on one target, with input, output and pipes', async () => {
    const { code, stdout, stderr } = await script(
      [
        'topics create orders -p 2',
        "produce orders <<END\none\n'two' # three\nEND",
        'consume orders | sort > sorted',
        'consume orders --partition 0,1 >> all',
        'topics list -o name && pwd',
        'cd /topics/orders; pwd; ls; ls /',
      ].join('\n'),
    )
    expect([code, stderr]).toEqual([0, expect.stringContaining('Produced 2 records to orders')])
    expect(stdout).toBe(
      'Created topic orders.\norders\n/\n/topics/orders\n0\n1\nbrokers/\ngroups/\ntopics/\nzk/\n',
    )
    expect(readFileSync(path.join(folder, 'sorted'), 'utf8')).toBe("'two' # three\none\n")
    expect(readFileSync(path.join(folder, 'all'), 'utf8').split('\n').sort()).toEqual([
      '',
      "'two' # three",
      'one',
    ])
  })

  it('knows itself behind a pipe, on the same target', async () => {
    const dataDir = path.join(folder, 'piped')
    const text = [
      'topics create a; topics create b',
      'produce a <<END\none\ntwo\nEND',
      'consume a -o ndjson | grep two | produce b --input ndjson',
      'consume b | cat; pwd | kcli topics list -o name',
    ].join('\n')
    const { code, stdout } = await runCli(['--data-dir', dataDir, '-c', text], { env, cwd: folder })
    expect([code, stdout]).toEqual([0, 'Created topic a.\nCreated topic b.\ntwo\na\nb\n'])
  })

  it('ends at the first failure with its exit code, or goes on if it is told to', async () => {
    const stopped = await script('topics describe nowhere; pwd')
    expect([stopped.code, stopped.stdout, stopped.stderr]).toEqual([
      1,
      '',
      expect.stringContaining("topic 'nowhere' does not exist"),
    ])
    const goes = await script('set on_error=resume; topics describe nowhere; pwd')
    expect([goes.code, goes.stdout]).toEqual([0, '/\n'])
    const piped = await script('topics list | false')
    expect(piped.code).toBe(1)
  })

  it('has settings, and words that take a command', async () => {
    const { code, stdout, stderr } = await script(
      'set output json; topics list --headers; time pwd; set timing on',
    )
    expect(code).toBe(0)
    expect(JSON.parse(stdout.slice(0, stdout.indexOf('\n/\n')))).toBeInstanceOf(Array)
    expect(stderr).toMatch(/^\d+\.\d{3} s\n$/)
  })

  it.each([
    ["a 'b", 2, 'the last command is not complete'],
    ['nosuch thing', 2, "there is no command 'nosuch'"],
    ['topics lst', 2, 'Did you mean: topics list'],
    ['set colour on', 2, "there is no setting 'colour'"],
    ['set output xml', 2, "'xml' is no value of output"],
    ['cd /nowhere', 2, 'there is nothing at /nowhere'],
    ['> x', 2, 'there is no command before the redirection'],
    ['shell', 2, 'this is the shell already'],
    ['consume orders < /no/such/file > x', 0, ''],
    ['produce orders < /no/such/file', 1, '/no/such/file'],
    ['watch -n x pwd', 2, 'watch needs a command'],
    ['watch 10ms pwd', 2, 'from 100ms on'],
    ['repeat x pwd', 2, 'repeat needs how many times'],
    ['histroy', 2, 'Did you mean: history'],
    ['redo 1', 2, 'here nobody types'],
    ['\\nosuch', 2, 'there is no \\nosuch'],
    ['set timeout 0', 2, "'0' is no value of timeout"],
    ['produce orders {"a": 1', 2, 'the last command is not complete'],
  ])('%s', async (text, code, said) => {
    const result = await script(text)
    expect([result.code, result.stderr]).toEqual([code, expect.stringContaining(said)])
  })

  it('repeats, shows rows as lines of their own, and knows what failed', async () => {
    const repeated = await script('repeat 3 pwd; repeat 2 topics describe nowhere; pwd')
    expect([repeated.code, repeated.stdout]).toEqual([1, '/\n/\n/\n'])
    expect(repeated.stderr.match(/does not exist/g)).toHaveLength(1)
    const expanded = await script('\\x on; topics list; \\x; topics list --no-headers')
    expect(expanded.stdout).toMatch(/^-\[ 1 \]-+\nTOPIC +orders\nPARTITIONS +2\n.*\norders +2 /s)
    const error = await script('set on-error resume; topics describe nowhere; \\errverbose')
    expect(error.stdout).toContain("topic 'nowhere' does not exist")
    expect(error.stdout).toMatch(/\n +at /)
  })

  it('gives help for itself and for commands', async () => {
    const { stdout } = await script('help; help set; topics create ?')
    expect(stdout).toContain('watch [2s] COMMAND')
    expect(stdout).toContain('set [NAME VALUE]\n  Settings, such as')
    expect(stdout).toContain('--replication-factor')
  })
})

describe('flags in front', () => {
  it.each([
    [
      ['-b', 'x:1', 'topics', 'list'],
      '-b stands in front of the command\nWrite it behind: kcli topics list -b …',
    ],
    [['--nosuch'], "there is no command '--nosuch'"],
    [['--timeout=5', '-c', 'pwd; nosuch'], "there is no command 'nosuch'"],
  ])('%j', async (words, said) => {
    const { code, stderr } = await runCli(words, { env, cwd: folder })
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)])
  })
})

describe('kcli < script', () => {
  it('runs what comes in, up to exit', async () => {
    const file = path.join(folder, 'script.kcli')
    writeFileSync(file, '# a script\ncd /topics\npwd\nkcli pwd\nexit\npwd\n')
    // A child of ours is given a socket; a file comes only by way of a shell.
    const words = ['run', '--brokers', '1', '--', 'sh', '-c', `'${process.execPath}' '${runner}' < '${file}'`]
    const { code, stdout, stderr } = await runCli(words)
    expect([code, stdout, stderr]).toEqual([0, '/topics\n/topics\n', ''])
  })
})

/** What bash, zsh and fish make of the scripts of `kcli completion`: the real shells, where they are installed. */
import { spawnSync } from 'node:child_process'
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { cleanEnv, runCli, runner } from '../support/cli.ts'

let folder: string
let env: Record<string, string>
beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kcli-'))
  const bin = path.join(folder, 'bin')
  mkdirSync(bin)
  writeFileSync(path.join(bin, 'kcli'), `#!/bin/sh\nexec '${process.execPath}' '${runner}' "$@"\n`)
  chmodSync(path.join(bin, 'kcli'), 0o755)
  mkdirSync(path.join(folder, 'some folder'))
  writeFileSync(path.join(folder, 'some.file'), '')
  env = {
    HOME: folder,
    KCLI_DATA_DIR: path.join(folder, 'data'),
    PATH: `${bin}:${process.env.PATH}`,
    TERM: 'dumb',
  }
  const created = await runCli(['topics', 'create', 'orders', 'orders.dlq', 'payments', '-p', '3'], { env })
  expect(created.code).toBe(0)
  for (const shell of ['bash', 'zsh', 'fish'])
    writeFileSync(path.join(folder, shell), (await runCli(['completion', shell], { env })).stdout)
  // The first answer may come too late on a busy machine; this one is in the file afterwards.
  await runCli(['__complete', '--refresh'], { env })
})
afterAll(async () => {
  while (refreshing().length > 0) await new Promise((resolve) => setTimeout(resolve, 50))
  rmSync(folder, { recursive: true, force: true })
})

/** Detached processes that still ask for names, by what Linux tells of them. */
function refreshing(): string[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc').filter((pid) => {
    try {
      const isOurs = readFileSync(`/proc/${pid}/environ`, 'utf8').includes(`HOME=${folder}\0`)
      return isOurs && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('--refresh')
    } catch {
      // It is gone, or none of ours.
      return false
    }
  })
}

const run = (program: string, args: readonly string[]) => {
  const { stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    env: cleanEnv(env),
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { stdout, stderr }
}
const has = (program: string) => spawnSync(program, ['-c', 'true']).status === 0

describe('kcli __complete', () => {
  const complete = async (...words: string[]) =>
    (await runCli(['__complete', '--', ...words], { env })).stdout

  it('answers with a word and what it is on each line', async () => {
    expect(await complete('topics', 'cre')).toBe('create\tCreate topics\n')
    expect(await complete('topics', 'describe', 'ord')).toBe('orders\norders.dlq\n')
    expect(await complete('produce', 'orders', '--file', '')).toBe(':files\n')
    expect(await complete('kafka-topics', '--topic', 'pay')).toBe('payments\n')
  })

  it('says nothing where nothing can be said, whatever is wrong', async () => {
    for (const words of [
      ['nosuch', ''],
      ['topics', 'list', '-b', 'nowhere.invalid:1', '--topic', ''],
    ]) {
      const { code, stdout, stderr } = await runCli(['__complete', '--', ...words], { env })
      expect([code, stdout, stderr]).toEqual([0, '', ''])
    }
    const { code, stdout, stderr } = await runCli(['__complete', '--', 'topics', 'describe', ''], {
      env: { ...env, KCLI_DATA_DIR: path.join(folder, 'some.file') },
    })
    expect([code, stdout, stderr]).toEqual([0, '', ''])
  })

  it('keeps names where only the user can read them, and starts no cluster for them', () => {
    const names = path.join(folder, '.cache/kcli/names')
    expect(statSync(names).mode & 0o777).toBe(0o700)
    for (const file of readdirSync(names)) expect(statSync(path.join(names, file)).mode & 0o777).toBe(0o600)
    expect(readdirSync(path.join(folder, 'data'))).not.toContain('control.sock')
  })
})

describe.skipIf(!has('bash'))('bash', () => {
  /** Completes the last of the words as bash cuts them; `|` stands where it cuts without a blank. */
  const at = (line: string) => {
    const words = line.split(' ').flatMap((word) => word.split('|'))
    const typed = line.replaceAll('|', '')
    const script = `
source ./bash
COMP_LINE=$1 COMP_POINT=\${#1}; shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1))
_kcli "$1" "\${COMP_WORDS[COMP_CWORD]}" "\${COMP_WORDS[COMP_CWORD - 1]}"
printf '%s\\n' "\${COMPREPLY[@]}"`
    const { stdout, stderr } = run('bash', ['--norc', '-c', script, 'bash', typed, ...words])
    expect(stderr).toBe('')
    return stdout.split('\n').slice(0, -1)
  }

  it.each<[string, readonly string[]]>([
    ['kcli topics cre', ['create ']],
    ['kcli topics describe or', ['orders ', 'orders.dlq ']],
    ["kcli topics describe 'or", ['orders', 'orders.dlq']],
    ['kcli topics list --output|=|nd', ['ndjson ']],
    ['kcli topics list --output|=', ['table ', 'wide ', 'json ', 'ndjson ', 'yaml ', 'csv ', 'name ']],
    ['kcli topics create x --config cleanup.p', ['cleanup.policy=']],
    ['kcli topics create x --config cleanup.policy|=|c', ['compact ']],
    ['kcli produce orders --file some', ['some folder', 'some.file']],
    ['kcli produce orders --file|=|some.', ['some.file']],
    ['kcli link some', ['some folder']],
    ['kafka-topics.sh --topic pay', ['payments ']],
    ['kcli nosuch x', ['']],
  ])('%s', (line, expected) => {
    expect(at(line).sort()).toEqual([...expected].sort())
  })

  it('completes the program of kcli run', () => {
    expect(at('kcli run -- ech')).toContain('echo')
  })
})

describe.skipIf(!has('zsh'))('zsh', () => {
  /** Types into a zsh on a pseudo-terminal, presses Tab, and gives the line that comes of it. */
  const tab = (lines: readonly string[]) => {
    const script = `
zmodload zsh/zpty
zpty z 'zsh -f -i'
zpty -w z $'PS1=; unsetopt beep; autoload -U compinit; compinit -u -D; source ./zsh; show() { print -rn -- "<<$BUFFER>>"; BUFFER=; zle reset-prompt }; zle -N show; bindkey "^X" show; bindkey "^I" complete-word; print REA""DY'
zpty -r z out '*READY*'
for line in "$@"; do
  zpty -w -n z "$line"$'\\t\\x18'
  zpty -r z out '*<<*>>*'
  out=\${out##*<<}
  print -r -- "\${out%%>>*}"
done
zpty -d z`
    return run('zsh', ['-f', '-c', script, 'zsh', ...lines])
      .stdout.split('\n')
      .slice(0, -1)
  }

  it('completes words, values, settings and files', () => {
    const pairs = [
      ['kcli topics cre', 'kcli topics create '],
      ['kcli topics describe pay', 'kcli topics describe payments '],
      ['kcli topics describe or', 'kcli topics describe orders'],
      ['kcli topics list --output=nd', 'kcli topics list --output=ndjson '],
      ['kcli topics create x --config cleanup.p', 'kcli topics create x --config cleanup.policy='],
      ['kcli produce orders --file some.', 'kcli produce orders --file some.file '],
      ['kcli produce orders --file=some.', 'kcli produce orders --file=some.file '],
      ['kafka-topics.sh --topic pay', 'kafka-topics.sh --topic payments '],
    ]
    expect(tab(pairs.map(([line = '']) => line))).toEqual(pairs.map(([, line]) => line))
  })
})

describe.skipIf(!has('fish'))('fish', () => {
  const at = (line: string) => {
    const script = 'source ./fish; complete -C $argv[1]'
    const { stdout, stderr } = run('fish', ['-N', '-c', script, line])
    expect(stderr).toBe('')
    return stdout.split('\n').slice(0, -1)
  }

  it.each<[string, readonly string[]]>([
    ['kcli topics cre', ['create\tCreate topics']],
    ['kcli topics describe or', ['orders', 'orders.dlq']],
    ["kcli topics describe 'or", ['orders', 'orders.dlq']],
    ['kcli topics list --output=nd', ['--output=ndjson']],
    ['kcli topics create x --config cleanup.policy=c', ['cleanup.policy=compact']],
    ['kcli produce orders --file some.', ['some.file']],
    ['kcli produce orders --file=some.', ['--file=some.file']],
    ['kafka-topics.sh --topic pay', ['payments']],
  ])('%s', (line, expected) => {
    expect(at(line)).toEqual(expected)
  })

  it('completes the program of kcli run', () => {
    expect(at('kcli run -- sh -c ').length).toBeGreaterThan(0)
  })
})

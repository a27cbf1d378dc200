/**
 * The screens of the README, made from the program on a real terminal: `npm run screens` writes them anew, the tests compare
 * what is there with what the program shows today, but for numbers.
 */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { root, runner } from '../support/cli.ts'
import { describeInterop } from './support/suite.ts'
import { type TerminalOptions, Tmux, type TmuxTerminal } from './support/tmux.ts'

const README = path.join(root, 'README.md')
const isWriting = process.env.KCLI_SCREENS === 'write'

describeInterop('the screens of the README', ['tmux'], () => {
  let tmux: Tmux
  let accounts = 0
  beforeAll(() => {
    tmux = new Tmux()
    const bin = path.join(tmux.home, 'bin')
    mkdirSync(bin)
    writeFileSync(path.join(bin, 'kcli'), `#!/bin/sh\nexec '${process.execPath}' '${runner}' "$@"\n`)
    chmodSync(path.join(bin, 'kcli'), 0o755)
  })
  afterAll(() => tmux.close())

  /** A shell of the system with kcli on its path, in an empty folder of its own. */
  const bash = async (options: TerminalOptions = {}): Promise<TmuxTerminal> => {
    const home = path.join(tmux.home, `home-${++accounts}`)
    const env = { PS1: '$ ', PATH: `${tmux.home}/bin:${process.env.PATH}`, HOME: home, KCLI_DATA_DIR: '' }
    const terminal = tmux.run('bash --norc --noprofile', { columns: 100, rows: 40, ...options, env })
    await terminal.shows(/^\$$/)
    return terminal
  }
  /** Types a line and waits until the prompt is back. */
  const enter = async (terminal: TmuxTerminal, line: string, prompt = /\n\$$/) => {
    const before = terminal.screen()
    terminal.type(line, 'Enter')
    const isDone = () => terminal.screen() !== before && prompt.test(terminal.screen())
    await expect.poll(isDone, { timeout: 20_000 }).toBe(true)
  }
  const clear = async (terminal: TmuxTerminal) => {
    terminal.type('C-l')
    await terminal.shows(/^\$$/)
  }

  const SCREENS: Readonly<Record<string, () => Promise<string>>> = {
    async first() {
      const terminal = await bash()
      await enter(terminal, 'kcli topics create orders --partitions 3 --replication-factor 3')
      await enter(terminal, 'kcli topics describe orders')
      await enter(
        terminal,
        "printf 'ann:10 apples\\nbob:7 pears\\nann:2 plums\\n' | kcli produce orders --key-delimiter :",
      )
      await enter(terminal, 'kcli consume orders --print partition,offset,key,value')
      return terminal.screen()
    },
    async shell() {
      const terminal = await bash({ rows: 16 })
      await enter(terminal, 'kcli', /\/ >$/)
      await enter(terminal, 'topics create orders payments -p 3', /\/ >$/)
      terminal.type('topics alter orders --config ret', 'Tab', 'Tab')
      await terminal.shows(/retention\.ms/)
      return terminal.screen()
    },
    async top() {
      const terminal = await bash({ rows: 11, columns: 110 })
      await enter(terminal, 'kcli cluster start --listen 127.0.0.1:0 > /dev/null &')
      await enter(terminal, 'kcli topics create orders payments -p 3 -r 3')
      await enter(terminal, 'kcli perf produce orders --rate 2000 --records 1000000 > /dev/null 2>&1 &')
      await enter(terminal, 'kcli perf produce payments --rate 500 --records 1000000 > /dev/null 2>&1 &')
      await enter(
        terminal,
        'kcli consume orders --group billing --follow -X auto.commit.interval.ms=500 > /dev/null 2>&1 &',
      )
      await enter(terminal, 'kcli top --interval 1000', /quit/)
      terminal.type('2')
      const isBusy = () => /> ?orders +3 +0 +[1-9]\d{3}/.test(terminal.screen().replaceAll(',', ''))
      await expect.poll(isBusy, { timeout: 30_000, interval: 200 }).toBe(true)
      // A trend takes some looks.
      await new Promise((resolve) => setTimeout(resolve, 6_000))
      const text = terminal.screen()
      terminal.type('q')
      await enter(terminal, 'kill %2 %3 %4; wait %2 %3 %4; kcli cluster stop')
      return text
    },
    async lag() {
      const terminal = await bash()
      await enter(terminal, 'kcli topics create orders -p 3 && seq 500 | kcli produce orders')
      await enter(terminal, 'kcli consume orders --group billing --max-messages 200 > /dev/null')
      await clear(terminal)
      await enter(terminal, 'kcli groups lag billing')
      return terminal.screen()
    },
    async kill() {
      const terminal = await bash()
      await enter(terminal, 'kcli cluster start --listen 127.0.0.1:0 > /dev/null &')
      await enter(terminal, 'kcli topics create orders -p 1 -r 3 --config min.insync.replicas=2')
      await enter(terminal, 'seq 400 | kcli produce orders')
      await clear(terminal)
      await enter(terminal, 'kcli cluster kill 1')
      await expect
        .poll(
          async () => {
            await clear(terminal)
            await enter(terminal, 'kcli cluster status --partitions')
            return terminal.screen()
          },
          { timeout: 20_000, interval: 500 },
        )
        .toMatch(/^orders +0 +[02] .* [02],[02] of/m)
      const text = terminal.screen()
      await enter(terminal, 'kcli cluster stop')
      return text
    },
  }

  it.each(Object.entries(SCREENS))('%s', async (name, show) => {
    const screen = await show()
    const text = `${screen.replace(/\n\$$/, '').replaceAll(/\S+kcli-tmux-[^/]*\/home-\d/g, '/home/ann')}\n`
    const page = readFileSync(README, 'utf8')
    const block = new RegExp(`(<!-- screen: ${name} -->\\n\`\`\`\\n)(.*?)(^\`\`\`$)`, 'ms')
    const [, , shown = ''] = block.exec(page) ?? []
    expect(shown, `the README has no screen "${name}"`).not.toBe('')
    if (isWriting)
      writeFileSync(
        README,
        page.replace(block, (_, begin, __, end) => `${begin}${text}${end}`),
      )
    else expect(words(text)).toEqual(words(shown))
  })
})

/** What does not change from run to run: numbers, ids and the order of brokers do. */
function words(screen: string): string[] {
  return (screen.match(/[A-Za-z][\w/.:'-]*/g) ?? [])
    .map((word) => word.replace(/-\d$/, ''))
    .filter((word) => word.length < 20 && !/^[KMG]?i?B(\/s)?$/.test(word))
    .sort()
}

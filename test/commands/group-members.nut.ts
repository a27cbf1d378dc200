import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliOptions, finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-members')
afterAll(() => directory.remove())
const env = { KCLI_DATA_DIR: path.join(directory.path, 'data') }
const kcli = (args: string[], options: CliOptions = {}) => runCli(args, { ...options, env })
const lines = (text: string) => text.split('\n').filter((line) => line !== '')
const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `${from + i}`)
const produce = (topic: string, from: number, to: number) =>
  kcli(['produce', topic], { input: `${numbers(from, to).join('\n')}\n` })

/** How far the group has come, over all partitions. */
async function stored(group: string): Promise<number> {
  const { stdout } = await kcli(['groups', 'describe', group, '-o', 'json'])
  const [described] = JSON.parse(stdout) as { offsets: { offset: number | null }[] }[]
  return (described?.offsets ?? []).reduce((sum, { offset }) => sum + (offset ?? 0), 0)
}

beforeAll(async () => {
  expect(await kcli(['topics', 'create', 'jobs', 'shared', '--partitions', '3'])).toMatchObject({ code: 0 })
})

describe('consume --group', () => {
  it('goes on where the group has stopped, and stores no more than has come out', async () => {
    await produce('jobs', 0, 20)
    const first = await kcli(['consume', 'jobs', '--group', 'workers', '-n', '7'])
    expect(first).toMatchObject({ code: 0, stderr: '' })
    expect(lines(first.stdout)).toHaveLength(7)
    expect(await stored('workers')).toBe(7)
    const second = await kcli(['consume', 'jobs', '--group', 'workers'])
    expect([...lines(first.stdout), ...lines(second.stdout)].sort()).toEqual(numbers(0, 20).sort())
    expect((await kcli(['consume', 'jobs', '--group', 'workers'])).stdout).toBe('')
    await produce('jobs', 20, 25)
    expect(lines((await kcli(['consume', 'jobs', '-g', 'workers'])).stdout).sort()).toEqual(numbers(20, 25))
    expect((await kcli(['consume', 'jobs', '-g', 'late', '--from', 'end'])).stdout).toBe('')
  })

  it('shares the work among processes; who is interrupted leaves at once', async () => {
    const follow = ['consume', 'shared', '--group', 'team', '--follow']
    const outputs = [0, 1].map(() => ({ child: startCli(follow, { env }), text: '' }))
    const results = outputs.map((output) => {
      output.child.stdout?.on('data', (chunk: Buffer) => {
        output.text += chunk.toString()
      })
      return finished(output.child)
    })
    const members = async () =>
      lines((await kcli(['groups', 'members', 'team', '--no-headers'])).stdout).length
    await expect.poll(members, { timeout: 30_000, interval: 200 }).toBe(2)
    let sent = 0
    const isEverybodyAtWork = async () => {
      await produce('shared', sent, sent + 60)
      sent += 60
      return outputs.every(({ text }) => text !== '')
    }
    await expect.poll(isEverybodyAtWork, { timeout: 30_000, interval: 500 }).toBe(true)
    outputs[0]?.child.kill('SIGINT')
    await results[0]
    await produce('shared', sent, sent + 60)
    sent += 60
    const seen = () => outputs.flatMap(({ text }) => lines(text))
    await expect.poll(() => seen().length, { timeout: 30_000, interval: 200 }).toBe(sent)
    expect(new Set(seen()).size).toBe(sent)
    outputs[1]?.child.kill('SIGINT')
    await results[1]
    expect(await stored('team')).toBe(sent)
  }, 120_000)

  it.each([
    [['--tail', '3'], /--group and --tail cannot be given together/],
    [['--partition', '1'], /--group and --partition cannot be given together/],
    [['--offset', '5'], /--group and --offset cannot be given together/],
    [['--from', '5'], /--from is '5', with --group it is start or end/],
    [['--offline'], /--group needs a cluster/],
  ])('refuses %s', async (flags, message) => {
    const result = await kcli(['consume', 'jobs', '--group', 'workers', ...flags])
    expect(result).toMatchObject({ code: 2, stdout: '' })
    expect(result.stderr).toMatch(message)
  })

  it('says that a topic does not exist', async () => {
    const result = await kcli(['consume', 'nowhere', '--group', 'workers'])
    expect(result.stderr).toMatch(/^kcli: topic 'nowhere' does not exist/)
    expect(result.code).not.toBe(0)
  })
})

describe('console-consumer', () => {
  const consume = (...args: string[]) =>
    kcli(['console-consumer', '--topic', 'jobs', '--timeout-ms', '500', ...args])

  it('makes up a group, and stores nothing for it', async () => {
    const { stdout, stderr } = await consume('--from-beginning')
    expect(lines(stdout)).toHaveLength(25)
    expect(stderr).toBe('Processed a total of 25 messages\n')
    const groups = lines((await kcli(['groups', 'list', '--no-headers'])).stdout).map(
      (line) => line.split(/\s/)[0],
    )
    const made = groups.filter((name) => /^console-consumer-\d{1,5}$/.test(name ?? ''))
    expect(made).toHaveLength(1)
    expect(await stored(made[0] ?? '')).toBe(0)
  })

  it('stores the offsets of a group that is named, those of what it has shown', async () => {
    const first = await consume('--group', 'console', '--from-beginning', '--max-messages', '4')
    const rest = await consume('--consumer-property', 'group.id=console')
    expect([...lines(first.stdout), ...lines(rest.stdout)].sort()).toEqual(numbers(0, 25).sort())
    expect(rest.stderr).toBe('Processed a total of 21 messages\n')
    expect(await stored('console')).toBe(25)
  })

  it('refuses groups that contradict each other, and one with a partition', async () => {
    const two = await consume('--group', 'a', '--consumer-property', 'group.id=b')
    expect(two).toMatchObject({ code: expect.any(Number), stdout: '' })
    expect(two.stderr).toMatch(/name different groups: a, b/)
    const partition = await consume('--group', 'a', '--partition', '0')
    expect(partition.stderr).toMatch(/--group and --partition cannot be given together/)
  })
})

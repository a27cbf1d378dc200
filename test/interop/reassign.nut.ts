/**
 * Partitions moved and leaders elected: Apache Kafka's tools against kcli's brokers, and kcli's commands against Apache
 * Kafka's. Both clusters get the same steps, say the same, and have the same znodes afterwards.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKcliHome, kcli } from './support/kcli.ts'
import { neutral, type Pair, startPair, type Target } from './support/pair.ts'
import { describeInterop } from './support/suite.ts'

const TOPIC = 'moves'

describeInterop('reassignments and elections', ['kafka', 'driver'], () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-reassign-'))
  const home = createKcliHome()
  let pair: Pair

  beforeAll(async () => {
    pair = await startPair({ 'auto.leader.rebalance.enable': 'false' })
    const created = await pair.sameTool('kafka-topics', [
      ...['--create', '--topic', TOPIC, '--replica-assignment', '0:1,1:0,2:1'],
    ])
    expect(created.code).toBe(0)
    // Three megabytes for each partition: a fetch takes one, then a throttle holds up the rest for a minute.
    const lines = Array.from({ length: 9_000 }, (_, i) => `${i}\t${'x'.repeat(1_000)}\n`)
    await pair.same(async (target) => {
      const args = ['--topic', TOPIC, '--property', 'parse.key=true']
      const { code } = await pair.tool(target, 'kafka-console-producer', args, { stdin: lines.join('') })
      return code
    })
  })
  afterAll(async () => {
    await pair?.stop()
    rmSync(dir, { recursive: true, force: true })
    home.remove()
  })

  const file = (name: string, content: object): string => {
    const at = path.join(dir, name)
    writeFileSync(at, JSON.stringify(content))
    return at
  }
  const plan = (name: string, ...replicas: number[][]): string =>
    file(name, {
      version: 1,
      partitions: replicas.map((each, partition) => ({ topic: TOPIC, partition, replicas: each })),
    })
  const reassign = (...args: string[]) => pair.sameTool('kafka-reassign-partitions', args)
  /** The same lines, in any order: Kafka's come out of hash maps. */
  const sameSorted = (name: 'kafka-reassign-partitions' | 'kafka-leader-election', ...args: string[]) =>
    pair.same(async (target) => {
      const { stdout, code } = await pair.tool(target, name, args)
      return { lines: stdout.split('\n').sort(), code }
    })

  /** What reassignments leave in ZooKeeper, without what differs by nature. */
  const znodes = async (target: Target) => {
    const dump = await pair.java.call<Record<string, { data?: string }>>('znodes', {
      connect: target.zookeeper,
      path: '/',
    })
    const json = (at: string) => JSON.parse(dump[at]?.data ?? 'null')
    const { partitions, adding_replicas, removing_replicas } = json(`/brokers/topics/${TOPIC}`)
    const states = Object.keys(partitions).map((partition) => {
      const state = json(`/brokers/topics/${TOPIC}/partitions/${partition}/state`)
      return { leader: state.leader, epoch: state.leader_epoch, isr: state.isr.sort() }
    })
    const settings = Object.fromEntries(
      Object.keys(dump)
        .filter((at) => /^\/config\/(topics|brokers)\/./.test(at))
        .map((at) => [at, json(at).config]),
    )
    const admin = Object.keys(dump).filter((at) => at.startsWith('/admin/'))
    return { partitions, adding_replicas, removing_replicas, states, settings, admin }
  }
  const sameZnodes = () => pair.same(znodes)
  const settled = async (replicas: number[][]) => {
    for (const target of [pair.kcli, pair.apache]) {
      await expect
        .poll(
          async () => {
            const { partitions, states } = await znodes(target)
            return { partitions, isr: states.map(({ isr }) => isr) }
          },
          { timeout: 60_000, interval: 250 },
        )
        .toEqual({ partitions: { ...replicas }, isr: replicas.map((each) => [...each].sort()) })
    }
  }
  /** A kcli command against both. */
  const sameKcli = (args: readonly string[], options: { code?: number } = {}) =>
    pair.same(async (target) => {
      const { stdout, stderr, code } = await kcli(home, [
        ...args,
        ...['--bootstrap-server', target.bootstrap],
      ])
      expect(code, stderr).toBe(options.code ?? 0)
      return { stdout: neutral(stdout, target), stderr: neutral(stderr, target) }
    })

  it('kafka-reassign-partitions: generates, refuses, has nothing to list', async () => {
    const topics = file('topics.json', { version: 1, topics: [{ topic: TOPIC }] })
    await pair.same(async (target) => {
      const args = ['--generate', '--topics-to-move-json-file', topics, '--broker-list', '0,1']
      const { stdout, code } = await pair.tool(target, 'kafka-reassign-partitions', args)
      // What it proposes is a matter of chance.
      return { current: stdout.slice(0, stdout.indexOf('Proposed')), code }
    })
    await reassign('--list')
    await reassign('--verify', '--reassignment-json-file', plan('now.json', [0, 1], [1, 0], [2, 1]))
    await reassign('--execute', '--reassignment-json-file', plan('unknown.json', [9]))
    await reassign('--cancel', '--reassignment-json-file', plan('now.json', [0, 1]))
  })

  it('kafka-reassign-partitions: moves', async () => {
    const there = plan('there.json', [2, 1], [1, 2], [2, 1])
    await reassign('--execute', '--reassignment-json-file', there)
    await settled([
      [2, 1],
      [1, 2],
      [2, 1],
    ])
    await sameSorted('kafka-reassign-partitions', '--verify', '--reassignment-json-file', there)
    const { partitions, states } = await sameZnodes()
    expect(partitions).toEqual({ 0: [2, 1], 1: [1, 2], 2: [2, 1] })
    expect(states.map(({ leader }) => leader)).toEqual([2, 1, 2])
  })

  it('kafka-reassign-partitions: a throttle, what is under way, and the end of it', async () => {
    const back = plan('back.json', [0, 1], [1, 0])
    const throttled = ['--execute', '--reassignment-json-file', back, '--throttle', '20000']
    await sameSorted('kafka-reassign-partitions', ...throttled)
    const { settings } = await sameZnodes()
    expect(settings['/config/brokers/1']).toEqual({
      'leader.replication.throttled.rate': '20000',
      'follower.replication.throttled.rate': '20000',
    })
    const listed = await sameSorted('kafka-reassign-partitions', '--list')
    expect(listed.lines.join('\n')).toContain(`${TOPIC}-0: replicas: 0,1,2. adding: 0. removing: 2.`)
    await sameSorted('kafka-reassign-partitions', '--verify', '--reassignment-json-file', back)
    await sameSorted('kafka-reassign-partitions', '--cancel', '--reassignment-json-file', back)
    const { adding_replicas, partitions } = await sameZnodes()
    expect(adding_replicas).toEqual({})
    // The old replicas, in the order that they had on the way.
    expect(partitions).toEqual({ 0: [1, 2], 1: [1, 2], 2: [2, 1] })
    await reassign('--list')
  })

  it('kafka-leader-election', async () => {
    const turned = plan('turned.json', [1, 2], [2, 1], [1, 2])
    await reassign('--execute', '--reassignment-json-file', turned)
    await settled([
      [1, 2],
      [2, 1],
      [1, 2],
    ])
    const elect = (...args: string[]) => sameSorted('kafka-leader-election', '--election-type', ...args)
    await elect('preferred', '--topic', TOPIC, '--partition', '0')
    await elect('preferred', '--topic', TOPIC, '--partition', '0')
    await elect('unclean', '--topic', TOPIC, '--partition', '1')
    await elect('preferred', '--topic', TOPIC, '--partition', '7')
    await elect('preferred', '--all-topic-partitions')
    const { states } = await sameZnodes()
    expect(states.map(({ leader }) => leader)).toEqual([1, 2, 1])
  })

  it('kcli partitions reassign: proposes, moves with a throttle, waits', async () => {
    const proposed = await sameKcli(['partitions', 'reassign', TOPIC, '--brokers', '0,1'])
    expect(proposed.stdout).toContain('FROM')
    const rf = ['partitions', 'reassign', TOPIC, '--replication-factor', '3', '-o', 'json']
    const moves = JSON.parse((await sameKcli(rf)).stdout) as { partition: number; to: number[] }[]
    const moved = await sameKcli([...rf, '--execute', '--wait', '--throttle', '10M'])
    expect(JSON.parse(moved.stdout)).toMatchObject(moves.map(() => ({ status: 'moved' })))
    expect(moved.stderr).toContain('The throttle is taken away.')
    await settled(moves.map(({ to }) => to))
    const { settings } = await sameZnodes()
    expect(settings['/config/brokers/1']).toEqual({})
    await sameKcli(['partitions', 'reassign', TOPIC, '--replication-factor', '3'])
  })

  it('kcli partitions reassign: a plan, the list, cancel', async () => {
    const away = plan('away.json', [0], [1], [2])
    await sameKcli(['partitions', 'reassign', '--plan', away, '--execute', '--wait'])
    await settled([[0], [1], [2]])
    const far = plan('far.json', [1])
    const slow = ['partitions', 'reassign', '--plan', far, '--execute', '--throttle', '20000', '-o', 'json']
    await sameKcli(slow)
    const list = JSON.parse(
      (await sameKcli(['partitions', 'reassign', '--list', '-o', 'json'])).stdout,
    ) as object[]
    expect(list).toEqual([
      { topic: TOPIC, partition: 0, replicas: [1, 0], addingReplicas: [1], removingReplicas: [0] },
    ])
    const { stdout } = await sameKcli(['partitions', 'list', TOPIC, '--reassigning', '-o', 'name'])
    expect(stdout).toBe(`${TOPIC}-0\n`)
    await sameKcli(['partitions', 'reassign', TOPIC, '--replication-factor', '2'], { code: 1 })
    await sameKcli(['partitions', 'reassign', '--cancel', TOPIC])
    await sameZnodes()
  })

  it('kcli partitions elect-leader, and what went wrong', async () => {
    const pairUp = plan('pairs.json', [0, 1], [1, 0], [2, 0])
    await sameKcli(['partitions', 'reassign', '--plan', pairUp, '--execute', '--wait'])
    const turned = plan('turned.json', [1, 0], [0, 1], [2, 0])
    await sameKcli(['partitions', 'reassign', '--plan', turned, '--execute', '--wait'])
    await sameKcli(['partitions', 'list', TOPIC, '--not-preferred'])
    await sameKcli(['partitions', 'elect-leader', TOPIC, '--partition', '0', '-o', 'json'])
    const { stdout } = await sameKcli(['partitions', 'elect-leader', '--all'])
    expect(stdout).toBe(`Elected a leader for ${TOPIC}-1.\n`)
    await sameKcli(['partitions', 'elect-leader', TOPIC, '--unclean', '--yes'])
    await sameKcli(['partitions', 'elect-leader', TOPIC, '--partition', '9'], { code: 1 })
    await sameZnodes()
  })

  it('kcli brokers', async () => {
    await pair.same(async (target) => {
      const args = ['brokers', 'list', '-o', 'json', '--bootstrap-server', target.bootstrap]
      const { stdout } = await kcli(home, args)
      const rows = JSON.parse(neutral(stdout, target)) as { isController: boolean; sizeBytes: number }[]
      expect(rows.filter(({ isController }) => isController)).toHaveLength(1)
      for (const { sizeBytes } of rows) expect(sizeBytes).toBeGreaterThan(1_000_000)
      return rows.map((row) => ({ ...row, isController: null, sizeBytes: null }))
    })
    const { stdout } = await kcli(home, [
      ...['brokers', 'describe', '1', '--bootstrap-server', pair.apache.bootstrap],
    ])
    expect(stdout).toMatch(/Broker: {6}1\n.*\n.*\nController: {2}(yes|no)/)
  })
})

/**
 * Replicas that go to other log directories of their brokers: Apache Kafka's tools against kcli's brokers, and kcli's
 * commands against Apache Kafka's. Both clusters get the same steps, say the same, and have the same files afterwards.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { logDigest } from './support/broker-processes.ts'
import { createKcliHome, kcli } from './support/kcli.ts'
import { neutral, type Pair, startPair, type Target } from './support/pair.ts'
import { describeInterop } from './support/suite.ts'

const TOPIC = 'places'
/** Of each broker: `broker-N` and `broker-N-b`. */
const OTHER = '-b'
const REPLICAS = [
  [0, 1],
  [1, 0],
]

describeInterop('log directories of a broker', ['kafka', 'driver'], () => {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-places-'))
  const home = createKcliHome()
  let pair: Pair

  beforeAll(async () => {
    pair = await startPair({ 'auto.leader.rebalance.enable': 'false' }, [OTHER])
    const created = await pair.sameTool('kafka-topics', [
      ...['--create', '--topic', TOPIC, '--replica-assignment', '0:1,1:0'],
    ])
    expect(created.code).toBe(0)
    await produce(9_000)
  })
  afterAll(async () => {
    await pair?.stop()
    rmSync(dir, { recursive: true, force: true })
    home.remove()
  })

  /** A thousand bytes each. */
  const produce = (count: number) =>
    pair.same(async (target) => {
      const lines = Array.from({ length: count }, (_, i) => `${i}\t${'x'.repeat(1_000)}\n`)
      const args = ['--topic', TOPIC, '--property', 'parse.key=true']
      const { code } = await pair.tool(target, 'kafka-console-producer', args, { stdin: lines.join('') })
      return code
    })

  /** `''` and `-b` stand for the two directories of whatever broker. */
  const planFor = (target: Target, name: string, replicas: number[][], dirs: string[][]): string => {
    const at = path.join(dir, `${target.name}-${name}.json`)
    const partitions = replicas.map((each, partition) => ({
      topic: TOPIC,
      partition,
      replicas: each,
      log_dirs: each.map((id, i) => {
        const place = dirs[partition]?.[i] ?? 'any'
        return place === 'any' ? 'any' : `${target.logDir(id)}${place}`
      }),
    }))
    writeFileSync(at, JSON.stringify({ version: 1, partitions }))
    return at
  }
  /** The same lines, in any order: Kafka's come out of hash maps. */
  const reassign = (name: string, replicas: number[][], dirs: string[][], ...args: string[]) =>
    pair.same(async (target) => {
      const plan = planFor(target, name, replicas, dirs)
      const all = [...args, '--reassignment-json-file', plan]
      const { stdout, code } = await pair.tool(target, 'kafka-reassign-partitions', all)
      return { lines: stdout.split('\n').sort(), code }
    })

  /** `places-0` → the directories in which it is, `0`, `0-b` and so on; those on their way end in `future`. */
  const places = (target: Target) => {
    const found: Record<string, string[]> = { [`${TOPIC}-0`]: [], [`${TOPIC}-1`]: [] }
    for (const id of [0, 1, 2]) {
      for (const more of ['', OTHER]) {
        for (const name of readdirSync(`${target.logDir(id)}${more}`)) {
          const match = /^(places-\d)(?:\.[0-9a-f]{32}-(future|delete))?$/.exec(name)
          if (match?.[1] === undefined || match[2] === 'delete') continue
          found[match[1]]?.push([`${id}${more}`, match[2]].filter((text) => text !== undefined).join(' '))
        }
      }
    }
    return found
  }
  const settled = async (first: string[], second: string[]) => {
    for (const target of [pair.kcli, pair.apache]) {
      await expect
        .poll(() => places(target), { timeout: 60_000, interval: 250 })
        .toEqual({ [`${TOPIC}-0`]: first, [`${TOPIC}-1`]: second })
    }
  }
  /** All replicas of a partition have the same records. */
  const digests = async (target: Target, partition: string, dirs: string[]) => {
    const all = dirs.map((place) => {
      const [id = '', more] = place.split('-')
      return logDigest(`${target.logDir(Number(id))}${more === undefined ? '' : OTHER}`, partition)
    })
    expect(new Set(all).size).toBe(1)
  }
  const settings = (target: Target) =>
    pair.java
      .call<Record<string, { data?: string }>>('znodes', {
        connect: target.zookeeper,
        path: '/config/brokers',
      })
      .then((dump) =>
        Object.fromEntries(
          Object.entries(dump)
            .filter(([at]) => /^\/config\/brokers\/\d/.test(at))
            .map(([at, { data }]) => [at, JSON.parse(data ?? 'null').config]),
        ),
      )

  /** Brokers hear of it a little later than the tool goes on: here before anything is copied. */
  const throttle = async (bytesPerSecond: number, id: number) => {
    const rate = `replica.alter.log.dirs.io.max.bytes.per.second=${bytesPerSecond}`
    const broker = ['--entity-type', 'brokers', '--entity-name', String(id)]
    for (const target of [pair.kcli, pair.apache]) {
      expect(
        await pair.tool(target, 'kafka-configs', ['--alter', ...broker, '--add-config', rate]),
      ).toMatchObject({ code: 0 })
      const describe = () => pair.tool(target, 'kafka-configs', ['--describe', ...broker])
      await expect.poll(async () => (await describe()).stdout, { timeout: 10_000 }).toContain(rate)
    }
  }

  it('kafka-reassign-partitions moves logs, and verifies', async () => {
    const there = [
      [OTHER, OTHER],
      [OTHER, OTHER],
    ]
    await reassign('there', REPLICAS, there, '--execute')
    await settled(['0-b', '1-b'], ['0-b', '1-b'])
    await reassign('there', REPLICAS, there, '--verify')
    // Where they are already.
    await reassign('there', REPLICAS, there, '--execute')
    await settled(['0-b', '1-b'], ['0-b', '1-b'])
    for (const target of [pair.kcli, pair.apache]) {
      for (const partition of [0, 1]) await digests(target, `${TOPIC}-${partition}`, ['0-b', '1-b'])
    }
  })

  it('a throttled move says that it is under way, takes new records with it, and is freed', async () => {
    const back = [
      ['', OTHER],
      [OTHER, OTHER],
    ]
    await throttle(200_000, 0)
    const throttled = ['--execute', '--replica-alter-log-dirs-throttle', '200000']
    await reassign('back', REPLICAS, back, ...throttled)
    expect(await pair.same(settings)).toMatchObject({
      '/config/brokers/0': { 'replica.alter.log.dirs.io.max.bytes.per.second': '200000' },
    })
    await settled(['0 future', '0-b', '1-b'], ['0-b', '1-b'])
    const { lines } = await reassign('back', REPLICAS, back, '--verify')
    expect(lines.join('\n')).toContain('still in progress')
    const described = await pair.same(async (target) => {
      const args = ['--describe', '--topic-list', TOPIC, '--broker-list', '0']
      const { stdout } = await pair.tool(target, 'kafka-log-dirs', args)
      const json = JSON.parse(stdout.split('\n').find((line) => line.startsWith('{')) ?? '{}')
      return json.brokers[0].logDirs
        .flatMap(({ logDir, partitions }: { logDir: string; partitions: Record<string, unknown>[] }) =>
          partitions.map(({ partition, isFuture, offsetLag }) => [
            logDir,
            partition,
            isFuture,
            Number(offsetLag) > 0,
          ]),
        )
        .map((each: unknown[]) => JSON.stringify(each))
        .sort()
    })
    expect(described.join()).toContain('true,true')
    await produce(500)
    await reassign(
      'back',
      REPLICAS,
      back,
      '--execute',
      '--additional',
      '--replica-alter-log-dirs-throttle',
      '500000000',
    )
    await settled(['0', '1-b'], ['0-b', '1-b'])
    await reassign('back', REPLICAS, back, '--verify')
    expect(await pair.same(settings)).toEqual({
      '/config/brokers/0': {},
      '/config/brokers/1': {},
      '/config/brokers/2': {},
    })
    for (const target of [pair.kcli, pair.apache]) await digests(target, `${TOPIC}-0`, ['0', '1-b'])
  })

  it('a replica is made in the directory that was named for it', async () => {
    const away = [
      [2, 1],
      [1, 0],
    ]
    const dirs = [
      [OTHER, 'any'],
      ['any', ''],
    ]
    await reassign('away', away, dirs, '--execute')
    await settled(['1-b', '2-b'], ['0', '1-b'])
    await reassign('away', away, dirs, '--verify')
  })

  /** A kcli command against both; `plan` has the directories of each. */
  const sameKcli = (args: (target: Target) => readonly string[], code = 0) =>
    pair.same(async (target) => {
      const result = await kcli(home, [...args(target), '--bootstrap-server', target.bootstrap])
      expect(result.code, result.stderr).toBe(code)
      return { stdout: neutral(result.stdout, target), stderr: neutral(result.stderr, target) }
    })

  it('kcli partitions reassign: shows, moves with a throttle, lists, cancels, waits', async () => {
    const [replicas, dirs] = [
      [
        [2, 1],
        [1, 0],
      ],
      [
        ['', ''],
        ['any', OTHER],
      ],
    ]
    const planned = (target: Target) => [
      ...['partitions', 'reassign', '--plan', planFor(target, 'kcli', replicas, dirs)],
    ]
    const shown = await sameKcli((target) => [...planned(target), '-o', 'json'])
    expect(JSON.parse(shown.stdout)[0].logDirs).toEqual([
      { broker: 2, from: 'DIR-2-b', to: 'DIR-2' },
      { broker: 1, from: 'DIR-1-b', to: 'DIR-1' },
    ])
    await settled(['1-b', '2-b'], ['0', '1-b'])
    const slow = ['--execute', '--log-dirs-throttle', '200000']
    const started = await sameKcli((target) => [...planned(target), ...slow])
    expect(started.stdout).toContain(`Moving ${TOPIC}-0 to 2:DIR-2,1:DIR-1.`)
    await settled(['1 future', '1-b', '2 future', '2-b'], ['0', '0-b future', '1-b'])
    const listed = await sameKcli(() => ['partitions', 'reassign', '--list'])
    expect(listed.stdout).toContain('1:DIR-1,2:DIR-2')
    await sameKcli(() => ['partitions', 'reassign', '--cancel', '--yes'])
    await settled(['1-b', '2-b'], ['0', '1-b'])
    expect((await pair.same(settings))['/config/brokers/1']).toEqual({})
    const moved = await sameKcli((target) => [
      ...planned(target),
      '--execute',
      '--wait',
      '--log-dirs-throttle',
      '500M',
    ])
    expect(moved.stdout).toContain(`Moved ${TOPIC}-1 to 0:DIR-0-b.`)
    await settled(['1', '2'], ['0-b', '1-b'])
    expect((await pair.same(settings))['/config/brokers/1']).toEqual({})
    for (const target of [pair.kcli, pair.apache]) await digests(target, `${TOPIC}-0`, ['1', '2'])
  })

  it('kcli partitions reassign: a plan with a directory that there is not', async () => {
    const planned = (target: Target) => planFor(target, 'none', [[2, 1]], [['-none', 'any']])
    const { stderr } = await sameKcli((target) => ['partitions', 'reassign', '--plan', planned(target)], 1)
    expect(stderr).toContain('broker 2 has no log directory DIR-2-none')
  })

  it('a directory that there is not is refused', async () => {
    await reassign('nowhere', [[2, 1]], [['-nowhere', 'any']], '--execute')
    await settled(['1', '2'], ['0-b', '1-b'])
  })
})

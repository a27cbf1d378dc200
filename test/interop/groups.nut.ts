/** Groups on `kcli cluster start` and on Apache Kafka: the same answers, the same text from Kafka's tools. */
import { spawn } from 'node:child_process'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { killWithUs, stopChild } from './support/child.ts'
import type { ToolName } from './support/driver.ts'
import { kcatProduce } from './support/kcat.ts'
import { type Pair, startPair, type Target, type ToolOptions } from './support/pair.ts'
import { describeInterop } from './support/suite.ts'

type Json = Record<string, unknown>

const SUBSCRIPTION = 'AAEAAAABAAZvcmRlcnP/////AAAAAA=='
const ASSIGNMENT = 'AAEAAAABAAZvcmRlcnMAAAABAAAAAP////8='

describeInterop('groups on both clusters', ['kafka', 'driver', 'kcat'], () => {
  let pair: Pair

  beforeAll(async () => {
    pair = await startPair()
    const create = '--create --topic orders --partitions 2 --replication-factor 3'.split(' ')
    await pair.sameTool('kafka-topics', create)
    for (const target of [pair.kcli, pair.apache]) {
      await kcatProduce(target.bootstrap, 'orders', ['a', 'b', 'c'], { partition: 0 })
      await kcatProduce(target.bootstrap, 'orders', ['d', 'e'], { partition: 1 })
    }
  })
  afterAll(() => pair?.stop())

  async function coordinatorOf(target: Target, groupId: string): Promise<number> {
    return expect
      .poll(
        async () => {
          const body = { keyType: 0, coordinatorKeys: [groupId] }
          const { response } = await pair.java.send({
            port: target.ports[0] ?? 0,
            apiKey: 10,
            version: 4,
            body,
          })
          const [found] = (response as { coordinators: { errorCode: number; port: number }[] }).coordinators
          return found?.errorCode === 0 ? found.port : null
        },
        { timeout: 30_000 },
      )
      .not.toBeNull()
      .then(async () => {
        const body = { keyType: 0, coordinatorKeys: [groupId] }
        const { response } = await pair.java.send({
          port: target.ports[0] ?? 0,
          apiKey: 10,
          version: 4,
          body,
        })
        return (response as { coordinators: { port: number }[] }).coordinators[0]?.port ?? 0
      })
  }

  /** Sends to the coordinator, one after the other; `$1`, `$2` stand for the member ids that came so far. */
  async function talk(target: Target, groupId: string, script: readonly [number, number, Json][]) {
    const port = await coordinatorOf(target, groupId)
    const members: string[] = []
    const answers: Json[] = []
    for (const [apiKey, version, body] of script) {
      const text = JSON.stringify(body).replaceAll(/\$(\d)/g, (_, n) => members[Number(n) - 1] ?? 'nobody')
      const sent = await pair.java.send({ port, apiKey, version, body: JSON.parse(text) })
      // The order of a hash map in Kafka.
      const { results } = (sent.response ?? {}) as { results?: { groupId: string }[] }
      results?.sort((a, b) => (a.groupId < b.groupId ? -1 : 1))
      const memberId = (sent.response as Json | undefined)?.memberId
      if (typeof memberId === 'string' && memberId !== '' && !members.includes(memberId))
        members.push(memberId)
      const shown = JSON.stringify({ apiKey, closed: sent.closed ?? false, response: sent.response ?? null })
      answers.push(JSON.parse(members.reduce((all, id, i) => all.replaceAll(id, `$${i + 1}`), shown)) as Json)
    }
    return answers
  }

  const sameTalk = (groupId: string, script: readonly [number, number, Json][]) =>
    pair.same((target) => talk(target, groupId, script))

  const join = (groupId: string, over: Json = {}): [number, number, Json] => [
    11,
    9,
    {
      groupId,
      sessionTimeoutMs: 30_000,
      rebalanceTimeoutMs: 30_000,
      memberId: '',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: SUBSCRIPTION }],
      reason: null,
      ...over,
    },
  ]
  const sync = (groupId: string, over: Json = {}): [number, number, Json] => [
    14,
    5,
    {
      groupId,
      generationId: 1,
      memberId: '$1',
      groupInstanceId: null,
      protocolType: 'consumer',
      protocolName: 'range',
      assignments: [{ memberId: '$1', assignment: ASSIGNMENT }],
      ...over,
    },
  ]
  const beat = (groupId: string, over: Json = {}): [number, number, Json] => [
    12,
    4,
    { groupId, generationId: 1, memberId: '$1', groupInstanceId: null, ...over },
  ]
  const leave = (groupId: string, members: Json[]): [number, number, Json] => [
    13,
    5,
    { groupId, members: members.map((each) => ({ groupInstanceId: null, reason: null, ...each })) },
  ]
  const commit = (groupId: string, over: Json = {}, partition: Json = {}): [number, number, Json] => [
    8,
    9,
    {
      groupId,
      generationIdOrMemberEpoch: 1,
      memberId: '$1',
      groupInstanceId: null,
      topics: [
        {
          name: 'orders',
          partitions: [
            {
              partitionIndex: 0,
              committedOffset: 2,
              committedLeaderEpoch: 0,
              committedMetadata: 'note',
              ...partition,
            },
          ],
        },
      ],
      ...over,
    },
  ]
  const fetch = (groupId: string, topics: Json[] | null = null): [number, number, Json] => [
    9,
    9,
    { groups: [{ groupId, memberId: null, memberEpoch: -1, topics }], requireStable: true },
  ]
  const describeGroup = (groupId: string): [number, number, Json] => [
    15,
    5,
    { groups: [groupId], includeAuthorizedOperations: true },
  ]
  const outside = { generationIdOrMemberEpoch: -1, memberId: '' }

  it('a member comes, works, and leaves', async () => {
    const answers = await sameTalk('life', [
      describeGroup('life'),
      join('life'),
      join('life', { memberId: '$1' }),
      beat('life'),
      commit('life'),
      sync('life'),
      beat('life'),
      commit('life'),
      fetch('life'),
      describeGroup('life'),
      join('life', { memberId: '$1' }),
      sync('life', { generationId: 2 }),
      leave('life', [{ memberId: '$1' }, { memberId: 'stranger' }]),
      beat('life', { generationId: 2 }),
      describeGroup('life'),
      fetch('life', [{ name: 'orders', partitionIndexes: [0, 1, 7] }]),
    ])
    expect(answers.map(({ response }) => (response as Json).errorCode ?? 0)).toEqual([
      0, 79, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 25, 0, 0,
    ])
  })

  it('what members do wrong', async () => {
    await sameTalk('wrong', [
      join(''),
      join('wrong', { sessionTimeoutMs: 5_999 }),
      join('wrong', { sessionTimeoutMs: 1_800_001 }),
      join('wrong', { memberId: 'unknown' }),
      join('wrong', { protocolType: '' }),
      join('wrong', { protocols: [] }),
      join('wrong'),
      join('wrong', { memberId: '$1' }),
      join('wrong', { protocolType: 'connect' }),
      join('wrong', { protocols: [{ name: 'other', metadata: '' }] }),
      join('wrong', { memberId: 'unknown' }),
      join('wrong', { memberId: '$1', groupInstanceId: 'nobody' }),
      sync('wrong', { generationId: 7 }),
      sync('wrong', { memberId: 'unknown' }),
      sync('wrong', { protocolName: 'other' }),
      sync('wrong', { protocolType: 'connect' }),
      sync('wrong', { protocolName: null }),
      sync('', {}),
      sync('nowhere', {}),
      sync('wrong'),
      beat('wrong', { generationId: 0 }),
      beat('wrong', { memberId: 'unknown' }),
      beat('wrong', { memberId: '' }),
      beat('wrong', { groupInstanceId: 'nobody' }),
      beat(''),
      beat('nowhere'),
      leave('', [{ memberId: 'x' }]),
      leave('nowhere', [{ memberId: 'x' }]),
      leave('wrong', [{ memberId: '' }, { memberId: '', groupInstanceId: 'nobody' }]),
      leave('wrong', []),
    ])
  })

  it('static members', async () => {
    const named = (over: Json = {}) => join('static', { groupInstanceId: 'one', ...over })
    await sameTalk('static', [
      named(),
      sync('static', { groupInstanceId: 'one' }),
      beat('static', { groupInstanceId: 'one' }),
      named(),
      beat('static', { groupInstanceId: 'one' }),
      beat('static', { memberId: '$2', groupInstanceId: 'one' }),
      commit('static', { groupInstanceId: 'one' }),
      commit('static', { memberId: '$2', groupInstanceId: 'one' }),
      sync('static', { groupInstanceId: 'one' }),
      sync('static', { memberId: '$2', groupInstanceId: 'one', assignments: [] }),
      describeGroup('static'),
      named({ memberId: '$1' }),
      [11, 5, omit(named()[2], 'reason')],
      leave('static', [{ memberId: '', groupInstanceId: 'one' }]),
      describeGroup('static'),
    ])
  })

  it('the coordinator of any key', async () => {
    await pair.same(async (target) => {
      await coordinatorOf(target, 'any')
      const port = target.ports[1] ?? 0
      const ask = async (version: number, body: Json) => {
        const { response } = await pair.java.send({ port, apiKey: 10, version, body })
        return JSON.stringify(response)
          .replaceAll(/"port":\d+/g, '"port":"PORT"')
          .replaceAll(/"nodeId":\d+/g, '"nodeId":"ID"')
      }
      return [
        await ask(4, { keyType: 0, coordinatorKeys: ['', 'x', 'x'] }),
        await ask(6, { keyType: 2, coordinatorKeys: [''] }),
        await ask(5, { keyType: 2, coordinatorKeys: ['g:AAAAAAAAAAAAAAAAAAAAAA:0'] }),
        await ask(3, { keyType: 0, key: '' }),
        await ask(1, { keyType: 0, key: 'x' }),
        await ask(0, { key: 'x' }),
      ]
    })
  })

  it('offsets', async () => {
    await sameTalk('offsets', [
      fetch('offsets'),
      commit('offsets'),
      commit('offsets', outside),
      commit('offsets', outside, { committedMetadata: null, committedLeaderEpoch: -1 }),
      commit('offsets', outside, { committedMetadata: 'x'.repeat(4096) }),
      commit('offsets', outside, { committedMetadata: 'x'.repeat(4097) }),
      commit('offsets', outside, { partitionIndex: 9 }),
      commit('offsets', outside, { committedOffset: -5 }),
      commit('', outside),
      fetch('offsets'),
      fetch(''),
      fetch('offsets', []),
      fetch('offsets', [{ name: 'nowhere', partitionIndexes: [0] }]),
      commit('offsets', { ...outside, topics: [{ name: 'nowhere', partitions: [] }] }),
      describeGroup('offsets'),
      [47, 0, { groupId: 'offsets', topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }] }],
      [47, 0, { groupId: 'offsets', topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }] }],
      [47, 0, { groupId: 'nowhere', topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }] }],
      [47, 0, { groupId: 'nowhere', topics: [{ name: 'other', partitions: [{ partitionIndex: 0 }] }] }],
      [47, 0, { groupId: '', topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }] }],
      fetch('offsets'),
      describeGroup('offsets'),
      describeGroup(''),
      [42, 2, { groupsNames: ['', 'nowhere', 'nowhere'] }],
    ])
  })

  it('what can be deleted while members are there', async () => {
    await sameTalk('busy', [
      join('busy', { groupInstanceId: 'one' }),
      sync('busy', { groupInstanceId: 'one' }),
      commit('busy', { groupInstanceId: 'one' }),
      commit('busy', outside),
      [42, 2, { groupsNames: ['busy'] }],
      [47, 0, { groupId: 'busy', topics: [{ name: 'orders', partitions: [{ partitionIndex: 0 }] }] }],
      [16, 5, { statesFilter: ['sTaBlE'], typesFilter: ['Consumer'] }],
      leave('busy', [{ memberId: '', groupInstanceId: 'one' }]),
      [42, 2, { groupsNames: ['busy'] }],
      [42, 2, { groupsNames: ['busy'] }],
      fetch('busy'),
    ])
  })

  it('every version of a life', async () => {
    for (let version = 0; version <= 9; version++) {
      const groupId = `v${version}`
      const old = (
        entry: [number, number, Json],
        max: number,
        names: Record<string, number>,
      ): typeof entry => {
        const chosen = Math.min(version, max)
        const gone = Object.entries(names).flatMap(([name, since]) => (chosen < since ? [name] : []))
        return [entry[0], chosen, omit(entry[2], ...gone)]
      }
      const joins = { rebalanceTimeoutMs: 1, groupInstanceId: 5, reason: 8 }
      const offset = { groupId, topics: [{ name: 'orders', partitionIndexes: [0, 1] }] }
      const script: [number, number, Json][] = [old(join(groupId), 9, joins)]
      if (version >= 4) script.push(old(join(groupId, { memberId: '$1' }), 9, joins))
      script.push(old(sync(groupId), 5, { groupInstanceId: 3, protocolType: 5, protocolName: 5 }))
      script.push(old(beat(groupId), 4, { groupInstanceId: 3 }))
      const committed = { partitionIndex: 1, committedOffset: 1, committedMetadata: 'm' }
      const partition = {
        ...committed,
        ...(version === 1 && { commitTimestamp: -1 }),
        ...(version >= 6 && { committedLeaderEpoch: 0 }),
      }
      const head = {
        groupId,
        ...(version >= 1 && { generationIdOrMemberEpoch: 1, memberId: '$1' }),
        ...(version >= 2 && version <= 4 && { retentionTimeMs: -1 }),
        ...(version >= 7 && { groupInstanceId: null }),
      }
      script.push([8, version, { ...head, topics: [{ name: 'orders', partitions: [partition] }] }])
      if (version < 8) script.push([9, version, version === 7 ? { ...offset, requireStable: false } : offset])
      else script.push([9, version, version === 8 ? fetch8(groupId) : fetch(groupId)[2]])
      script.push([
        15,
        Math.min(version, 5),
        { groups: [groupId], ...(version >= 3 && { includeAuthorizedOperations: false }) },
      ])
      if (version < 3) script.push([13, version, { groupId, memberId: '$1' }])
      else script.push(old(leave(groupId, [version < 5 ? { memberId: '$1' } : { memberId: '$1' }]), 5, {}))
      if (version >= 3 && version < 5) {
        const last = script.pop() as [number, number, Json]
        script.push([13, version, { groupId, members: [{ memberId: '$1', groupInstanceId: null }] }])
        expect(last[0]).toBe(13)
      }
      script.push([42, Math.min(version, 2), { groupsNames: [groupId] }])
      await sameTalk(groupId, script)
    }
  })

  const same = (name: ToolName, args: string, options: ToolOptions = {}) =>
    pair.same(async (target) => {
      const outcome = await pair.tool(target, name, args.split(' '), options)
      // Which broker leads which partition of the offsets topic is chance.
      const text = outcome.stdout
        .replaceAll(/HOST:PORT-\d +\(\d\)/g, 'HOST:PORT (ID)')
        .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
      return {
        ...outcome,
        stdout: text
          .split('\n')
          .map((line) => line.trimEnd())
          .sort(),
      }
    })

  it("Kafka's console consumer and kafka-consumer-groups", async () => {
    const consume = '--topic orders --group tools --from-beginning --timeout-ms 8000 --max-messages 5'
    expect((await same('kafka-console-consumer', consume)).stdout.join(' ').trim()).toBe('a b c d e')
    for (const args of [
      '--describe --group tools',
      '--describe --group tools --offsets --verbose',
      '--describe --group tools --members --verbose',
      '--describe --group tools --state',
      '--describe --all-groups --state',
      '--describe --group nowhere',
      '--list --state Empty',
      '--reset-offsets --group tools --topic orders --to-earliest --dry-run',
      '--reset-offsets --group tools --topic orders:0 --shift-by -2 --execute',
      '--reset-offsets --group tools --all-topics --to-offset 1 --execute --export',
      '--describe --group tools',
      '--delete-offsets --group tools --topic orders:1',
      '--describe --group tools --offsets',
      '--delete --group tools --group nowhere',
      '--delete --group tools',
      '--describe --group tools',
      '--list',
    ]) {
      const { stdout, stderr } = await same('kafka-consumer-groups', args)
      expect(stdout.join('') + stderr, args).not.toBe('')
    }
  })

  it('kafka-consumer-groups on a group at work', async () => {
    const members = [pair.kcli, pair.apache].map(({ bootstrap }) => {
      const args = ['-b', bootstrap, '-G', 'working', '-q', '-X', 'auto.offset.reset=earliest', 'orders']
      const child = spawn('kcat', args, { stdio: 'ignore' })
      killWithUs(child)
      return child
    })
    try {
      const isStable = async (target: Target) => {
        const state = ['--describe', '--group', 'working', '--state']
        return (await pair.tool(target, 'kafka-consumer-groups', state)).stdout.includes(' Stable ')
      }
      for (const target of [pair.kcli, pair.apache])
        await expect.poll(() => isStable(target), { timeout: 20_000 }).toBe(true)
      for (const args of [
        '--describe --group working --members --verbose',
        '--describe --group working --state',
        '--list --state stable',
        '--reset-offsets --group working --topic orders --to-earliest --execute',
        '--delete-offsets --group working --topic orders',
        '--delete --group working',
      ]) {
        const { stdout, stderr } = await same('kafka-consumer-groups', args)
        expect(stdout.join('') + stderr, args).not.toBe('')
      }
    } finally {
      await Promise.all(members.map((child) => stopChild(child, 'SIGTERM')))
    }
  })

  // The last, as the tool's own groups come and go.
  it.each(['OffsetsMessageFormatter', 'GroupMetadataMessageFormatter'])(
    'the records: %s',
    async (formatter) => {
      const records = await pair.same(async (target) => {
        const { stdout } = await pair.tool(target, 'kafka-console-consumer', [
          ...['--topic', '__consumer_offsets', '--from-beginning', '--timeout-ms', '4000'],
          ...['--formatter', `org.apache.kafka.tools.consumer.${formatter}`],
        ])
        return stdout
          .replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'UUID')
          .replaceAll(/Timestamp":\d{13}/g, 'Timestamp":"TIME"')
          .split(/(?<=\})(?=\{"key")/)
          .filter((line) => /"group":"(life|static|offsets|busy|v\d)"/.test(line))
          .sort()
      })
      expect(records.length).toBeGreaterThan(10)
    },
  )
})

const fetch8 = (groupId: string): Json => ({ groups: [{ groupId, topics: null }], requireStable: false })

function omit(body: Json, ...names: string[]): Json {
  return Object.fromEntries(Object.entries(body).filter(([name]) => !names.includes(name)))
}

import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { systemRandom } from '../../src/base/random.ts'
import { Admin, Connection } from '../../src/client/index.ts'
import { finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'
import { joinAlone } from '../support/group-member.ts'

const directory = temporaryDirectory('kcli-groups')
const dataDir = path.join(directory.path, 'data')
const network = createNodeNetwork(systemClock)
const server = startCli(['cluster', 'start', '--listen', '127.0.0.1:0', '--data-dir', dataDir])
const ended = finished(server)
let admin: Admin
let bootstrap: { kind: 'tcp'; host: string; port: number }[]

const kcli = (...args: string[]) => runCli(args, { env: { KCLI_DATA_DIR: dataDir }, cwd: directory.path })
const json = async (...args: string[]) => JSON.parse((await kcli(...args, '-o', 'json')).stdout)
const commit = (group: string, ...offsets: number[]) =>
  admin.alterConsumerGroupOffsets(
    group,
    offsets.map((offset, partition) => ({ topic: 'orders', partition, offset })),
  )
const offsetsOf = async (group: string) => {
  const [found] = await admin.listConsumerGroupOffsets([group])
  return [...(found?.offsets ?? [])].sort((a, b) => a.partition - b.partition).map(({ offset }) => offset)
}

beforeAll(async () => {
  const first = await new Promise<string>((resolve) =>
    server.stdout?.once('data', (chunk: Buffer) => resolve(chunk.toString())),
  )
  bootstrap = [...first.matchAll(/127\.0\.0\.1:(\d+)/g)].map(([, port]) => ({
    kind: 'tcp',
    host: '127.0.0.1',
    port: Number(port),
  }))
  admin = new Admin({ bootstrap, network, clock: systemClock, random: systemRandom })
  await kcli('topics', 'create', 'orders', '--partitions', '2')
  const lines = Array.from({ length: 10 }, (_, i) => `value-${i}\n`).join('')
  for (const partition of ['0', '1'])
    await runCli(['produce', 'orders', '--partition', partition], {
      env: { KCLI_DATA_DIR: dataDir },
      input: lines,
    })
})
afterAll(async () => {
  await admin?.close()
  server.kill('SIGTERM')
  await ended
  directory.remove()
})

/** Somebody is in the group until the connection is closed and the member removed. */
async function member(groupId: string) {
  const [group] = await admin.describeConsumerGroups([groupId])
  const { host = '', port = 0 } = group?.coordinator ?? {}
  const address = { kind: 'tcp' as const, host, port }
  const times = { connectTimeoutMs: 5000, requestTimeoutMs: 20_000 }
  const connection = await Connection.open(network, address, {
    clock: systemClock,
    clientId: 'reader',
    ...times,
  })
  await joinAlone(connection, groupId, { topic: 'orders', partitions: [0, 1] })
  return async () => {
    await admin.removeMembersFromConsumerGroup(groupId, 'all')
    connection.close()
  }
}

describe('kcli groups', () => {
  it('shows a group at work', async () => {
    await commit('billing', 4, 10)
    const leave = await member('billing')
    expect((await kcli('groups', 'list', '--state', 'stable')).stdout).toMatch(
      /^GROUP +STATE\nbilling +Stable\n$/,
    )
    const [described] = await json('groups', 'describe', 'billing')
    expect(described).toMatchObject({ group: 'billing', state: 'Stable', assignor: 'range' })
    expect(described.offsets).toMatchObject([
      { partition: 0, offset: 4, endOffset: 10, lag: 6, clientId: 'reader' },
      { partition: 1, offset: 10, endOffset: 10, lag: 0 },
    ])
    expect((await kcli('groups', 'members', 'billing')).stdout).toContain('orders:0,1')
    expect(await json('topics', 'consumers', 'orders')).toMatchObject([
      { group: 'billing', clients: ['reader'], partitions: [0, 1], lag: 6 },
    ])
    const refused = await kcli(
      'groups',
      'reset-offsets',
      'billing',
      '--all-topics',
      '--to',
      'earliest',
      '--execute',
    )
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain("group 'billing' is at work: reader at 127.0.0.1 reads orders:0,1")
    expect((await kcli('groups', 'delete', 'billing', '-y')).stderr).toContain("group 'billing' is at work")
    expect((await kcli('groups', 'delete-offsets', 'billing', '--topic', 'orders', '-y')).code).toBe(1)
    expect(await offsetsOf('billing')).toEqual([4, 10])
    const wait = [
      'groups',
      'reset-offsets',
      'billing',
      '--topic',
      'orders',
      '--to',
      '2',
      '--execute',
      '--wait-empty',
    ]
    expect(await kcli(...wait, '--timeout', '300')).toMatchObject({ code: 3 })
    const waiting = kcli(...wait, '--timeout', '20000')
    await leave()
    expect((await waiting).code).toBe(0)
    expect(await offsetsOf('billing')).toEqual([2, 2])
  })

  it('tells how far it is behind, and fails a pipeline', async () => {
    await commit('late', 4, 10)
    const [late] = await json('groups', 'lag', 'late')
    expect(late).toMatchObject({ group: 'late', state: 'Empty', lag: 6, verdict: 'ERR' })
    expect(late.reason).toBe('orders-0 STOP: nobody reads it, and 6 records wait')
    const [{ partitions }] = late.topics
    expect(partitions).toMatchObject([
      { partition: 0, lag: 6, verdict: 'STOP', commits: [{ offset: 4, lag: 6 }] },
      { partition: 1, lag: 0, lagSeconds: 0, verdict: 'OK' },
    ])
    // The record was written a moment ago; the test does not take an hour.
    expect(partitions[0].lagSeconds).toBeGreaterThan(0)
    expect(partitions[0].lagSeconds).toBeLessThan(3600)
    const table = await kcli('groups', 'lag', 'late', '--by', 'group')
    expect(table.stdout).toMatch(
      /^GROUP +STATE +PARTITIONS +LAG +SECONDS +VERDICT\nlate +Empty +2 +6 +[\d.]+ +ERR\n$/,
    )
    expect(table.stderr).toBe('late ERR: orders-0 STOP: nobody reads it, and 6 records wait\n')
    expect((await kcli('groups', 'lag', 'late', '--max-lag', '6', '--max-lag-seconds', '3600')).code).toBe(0)
    expect(await kcli('groups', 'lag', 'late', '--max-lag', '5')).toMatchObject({ code: 1 })
    expect(await kcli('groups', 'lag', 'late', '--max-lag-seconds', '0')).toMatchObject({ code: 1 })
  })

  it('waits until it has read all, or for as long as it may', async () => {
    await commit('waited', 4, 10)
    const tooLong = await kcli('groups', 'lag', 'waited', '--wait', '--interval', '100', '--timeout', '500')
    expect(tooLong.code).toBe(3)
    expect(tooLong.stderr).toContain("still behind after 500 ms: group 'waited' is 6 records behind")
    const waiting = kcli('groups', 'lag', 'waited', '--wait', '--interval', '100', '--timeout', '20000')
    await commit('waited', 10, 10)
    expect((await waiting).code).toBe(0)
  })

  it('looks again and again, a line of JSON each time', async () => {
    await commit('watched', 4, 10)
    const watch = startCli(['groups', 'lag', 'watched', '--watch', '--interval', '100'], {
      env: { KCLI_DATA_DIR: dataDir },
    })
    let text = ''
    await new Promise<void>((resolve) =>
      watch.stdout?.on('data', (chunk: Buffer) => {
        text += chunk.toString()
        if (text.split('\n').length > 2) resolve()
      }),
    )
    const end = finished(watch)
    watch.kill('SIGINT')
    expect((await end).code).toBe(130)
    expect(JSON.parse(text.split('\n')[1] ?? '').groups).toMatchObject([{ group: 'watched', lag: 6 }])
  })

  it('sets offsets only when it is told to, and leaves a way back', async () => {
    await commit('moved', 4, 10)
    const reset = ['groups', 'reset-offsets', 'moved', '--topic', 'orders', '--to']
    const dry = await kcli(...reset, 'earliest')
    expect(dry.stdout).toMatch(/moved +orders +0 +4 +0 +-4 +planned/)
    expect(dry.stderr).toContain('Nothing was changed. Add --execute to do it.')
    expect(await offsetsOf('moved')).toEqual([4, 10])
    expect(await json(...reset, '+3', '--execute', '--undo', 'back.csv')).toMatchObject([
      { partition: 0, current: 4, new: 3, change: -1, status: 'reset' },
      { partition: 1, current: 10, new: 3, change: -7, status: 'reset' },
    ])
    expect(await offsetsOf('moved')).toEqual([3, 3])
    expect(readFileSync(path.join(directory.path, 'back.csv'), 'utf8')).toBe(
      'moved,orders,0,4\nmoved,orders,1,10\n',
    )
    // The way back from before is not written over.
    expect(await kcli(...reset, 'latest', '--execute', '--undo', 'back.csv')).toMatchObject({ code: 1 })
    expect(await offsetsOf('moved')).toEqual([3, 3])
    expect((await kcli('groups', 'reset-offsets', '--from-file', 'back.csv', '--execute')).code).toBe(0)
    expect(await offsetsOf('moved')).toEqual([4, 10])
    expect(
      readdirSync(directory.path).filter((name) => /^undo-moved-\d{8}T\d{6}\.csv$/.test(name)),
    ).toHaveLength(1)
  })

  it('knows the places of Kafka and its own', async () => {
    await commit('placed', 4, 10)
    const planned = async (...args: string[]) =>
      (await json('groups', 'reset-offsets', 'placed', '--topic', 'orders', ...args)).map(
        (row: { new: number }) => row.new,
      )
    expect(await planned('--to-earliest')).toEqual([0, 0])
    expect(await planned('--to-latest')).toEqual([10, 10])
    expect(await planned('--to-current')).toEqual([4, 10])
    expect(await planned('--to=-2')).toEqual([8, 8])
    expect(await planned('--to-offset', '99')).toEqual([10, 10])
    expect(await planned('--shift-by=-3')).toEqual([1, 7])
    expect(await planned('--to-datetime', '2020-01-01T00:00:00.000')).toEqual([0, 0])
    expect(await planned('--by-duration', 'PT0S')).toEqual([10, 10])
    expect(await planned('--to', '@-1d')).toEqual([0, 0])
    const file = path.join(directory.path, 'kafka.csv')
    writeFileSync(file, 'orders,1,5\n')
    expect(await json('groups', 'reset-offsets', 'placed', '--from-file', file)).toMatchObject([
      { partition: 1, current: 10, new: 5 },
    ])
    for (const args of [
      ['--to', 'somewhere'],
      ['--to', 'earliest', '--to-latest'],
      [],
      ['--to-group', 'nobody'],
    ])
      expect(
        (await kcli('groups', 'reset-offsets', 'placed', '--topic', 'orders', ...args)).code,
      ).toBeGreaterThan(0)
  })

  it('takes a group that nobody knows to where another one is, and forgets it again', async () => {
    await commit('model', 4, 10)
    expect((await kcli('groups', 'reset-offsets', 'copy', '--to-group', 'model', '--execute')).code).toBe(0)
    expect(await offsetsOf('copy')).toEqual([4, 10])
    expect((await kcli('groups', 'delete-offsets', 'copy', '--topic', 'orders:1', '-y')).stdout).toBe(
      'Forgot offset 10 of orders-1.\n',
    )
    expect(await offsetsOf('copy')).toEqual([4])
    expect((await kcli('groups', 'delete', '--regex', 'cop.', '-y')).stdout).toBe('Deleted group copy.\n')
    expect(await kcli('groups', 'delete', 'copy')).toMatchObject({ code: 1 })
    expect(await kcli('groups', 'describe', 'copy')).toMatchObject({ code: 1, stdout: '' })
  })

  it('shows what the group would read next, and touches nothing', async () => {
    await commit('peeked', 4, 10)
    const found = await kcli('groups', 'peek', 'peeked', '-n', '2', '-F', '%p@%o=%v\n')
    expect(found.stdout).toBe('0@4=value-4\n0@5=value-5\n')
    expect(await json('groups', 'peek', 'peeked')).toMatchObject([
      { partition: 0, offset: 4, value: 'value-4' },
    ])
    expect(await offsetsOf('peeked')).toEqual([4, 10])
  })

  it('looks back, and into the files', async () => {
    await commit('past', 4, 10)
    const before = Date.now()
    await new Promise((resolve) => setTimeout(resolve, 20))
    await commit('past', 6, 10)
    expect((await json('groups', 'describe', 'past', '--at', String(before)))[0].offsets).toMatchObject([
      { partition: 0, offset: 4 },
      { partition: 1, offset: 10 },
    ])
    expect(await kcli('groups', 'describe', 'past', '--at', '2020-01-01')).toMatchObject({ code: 1 })
    const [live] = await json('groups', 'describe', 'past')
    const [offline] = await json('groups', 'describe', 'past', '--offline')
    expect(offline).toEqual({ ...live, coordinator: null })
    expect((await kcli('groups', 'list', '--offline', 'past', '-o', 'name')).stdout).toBe('past\n')
    expect((await json('groups', 'lag', 'past', '--offline'))[0]).toMatchObject({ lag: 4, verdict: 'ERR' })
    expect(existsSync(path.join(dataDir, 'server.json'))).toBe(true)
  })

  it('says what is wrong with a command line', async () => {
    for (const args of [
      ['list', '--state', 'nonsense'],
      ['lag', '--window', 'soon'],
      ['lag', '--max-lag-seconds', 'x'],
      ['lag', '--watch', '--wait'],
      ['lag', '--offline', '--wait'],
      ['delete'],
      ['delete-offsets', 'g'],
      ['peek'],
      ['describe', '[', '--regex'],
      ['reset-offsets', 'g', '--from-file', '/no/such/file'],
      ['reset-offsets', 'g', '--topic', 'orders:', '--to', 'earliest'],
    ])
      expect((await kcli('groups', ...args)).code, args.join(' ')).toBe(2)
  })
})

import type { ChildProcess } from 'node:child_process'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { type CliResult, finished, runCli, startCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-explain')
const running = new Set<ChildProcess>()
afterAll(() => {
  for (const child of running) child.kill('SIGKILL')
  directory.remove()
})

interface Event {
  readonly event: string
  readonly [name: string]: unknown
}

const dataDir = path.join(directory.path, 'data')
const env = { KCLI_DATA_DIR: dataDir }
const kcli = (args: readonly string[], input?: string) =>
  runCli(args, { env, ...(input !== undefined && { input }) })

function eventsOf({ stderr }: CliResult): Event[] {
  return stderr
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line))
}

const ofKind = (events: readonly Event[], kind: string) => events.filter(({ event }) => event === kind)

describe('--explain of a cluster in the command', () => {
  it('tells what a new topic makes', async () => {
    const config = ['--config', 'segment.bytes=16384', '--config', 'index.interval.bytes=1000']
    const created = await kcli(['topics', 'create', 'a', '-p', '1', '-r', '3', ...config, '--explain=json'])
    expect(created).toMatchObject({ code: 0, stdout: 'Created topic a.\n' })
    const events = eventsOf(created)
    expect(ofKind(events, 'request').map(({ api }) => api)).toContain('CreateTopics')
    expect(ofKind(events, 'request').find(({ api }) => api === 'CreateTopics')).toMatchObject({
      asked: 'create a',
      error: null,
      errorCodes: [],
      attempt: 1,
      broker: expect.any(Number),
      requestBytes: expect.any(Number),
      responseBytes: expect.any(Number),
    })
    expect(ofKind(events, 'partition')).toMatchObject([{ change: 'created', topic: 'a', partition: 0 }])
    expect(ofKind(events, 'znode').map(({ change, path: at }) => `${change} ${at}`)).toEqual([
      'created /brokers/topics/a',
      'created /brokers/topics/a/partitions',
      'created /brokers/topics/a/partitions/0',
      'created /brokers/topics/a/partitions/0/state',
      'created /config/topics/a',
    ])
  })

  it('tells where records went, on each replica', async () => {
    const produced = await kcli(['produce', 'a', '--explain=json'], 'one\ntwo\n')
    const events = eventsOf(produced)
    expect(ofKind(events, 'request').find(({ api }) => api === 'Produce')).toMatchObject({
      asked: 'store 2 records in a-0',
      answer: 'a-0 at 0',
    })
    const appends = ofKind(events, 'append')
    expect(appends.map(({ broker }) => broker).sort()).toEqual([0, 1, 2])
    for (const append of appends) {
      expect(append).toMatchObject({ topic: 'a', partition: 0, firstOffset: 0, endOffset: 2 })
      expect(append.file).toBe(path.join(dataDir, `broker-${append.broker}`, 'a-0', `${'0'.repeat(20)}.log`))
    }
    expect(ofKind(events, 'high-watermark')).toMatchObject([{ topic: 'a', from: 0, to: 2 }])
  })

  it('tells of segments that are rolled and of index entries', async () => {
    const lines = Array.from({ length: 40 }, (_, i) => `${i}`.padEnd(1000, 'x')).join('\n')
    const events = eventsOf(await kcli(['produce', 'a', '--batch-size', '1500', '--explain=json'], lines))
    expect(ofKind(events, 'segment').length).toBeGreaterThanOrEqual(6)
    expect(ofKind(events, 'index').length).toBeGreaterThanOrEqual(3)
    expect(ofKind(events, 'append').map(({ endOffset }) => endOffset)).toEqual([42, 42, 42])
  })

  it('leaves stdout as it is, whatever the command writes there', async () => {
    const commands = ['topics describe a -o json', 'consume a', 'topics list -o csv']
    const script = commands.flatMap((words, i) => [`${words} > plain-${i}`, `${words} --explain > told-${i}`])
    const { stderr } = await runCli(['shell'], { env, cwd: directory.path, input: script.join('\n') })
    const read = (name: string) => readFileSync(path.join(directory.path, name), 'utf8')
    for (const [i, words] of commands.entries()) {
      expect(read(`told-${i}`), words).toBe(read(`plain-${i}`))
      expect(read(`told-${i}`)).not.toBe('')
    }
    expect(stderr.match(/\nRequests, in order:\n {2}1 +broker /g)).toHaveLength(commands.length)
    expect(stderr.match(/\nWhat changed in the cluster:\n {2}Nothing\.\n/g)).toHaveLength(commands.length)
  })

  it('tells of what failed, and of commands that ask nobody', async () => {
    const missing = await kcli(['topics', 'describe', 'none', '--explain'])
    expect(missing.code).toBe(1)
    expect(missing.stderr).toMatch(/who leads the partitions of none → UNKNOWN_TOPIC_OR_PARTITION/)
    expect(missing.stderr).toMatch(/kcli: topic 'none' does not exist\n/)
    const nobody = await kcli(['configs', 'explain', 'retention.ms', '-o', 'name', '--explain'])
    expect(nobody).toMatchObject({ code: 0, stdout: 'retention.ms\n' })
    expect(nobody.stderr).toBe('\nRequests, in order:\n  None went to a broker.\n')
    const remote = await kcli(['topics', 'list', '-b', '127.0.0.1:1', '--explain=json'])
    expect(remote.code).toBe(3)
    expect(eventsOf(remote)).toMatchObject([
      {
        event: 'connect',
        broker: null,
        address: '127.0.0.1:1',
        error: expect.stringContaining('ECONNREFUSED'),
      },
    ])
  })

  it('is for one command of a shell', async () => {
    const { stderr } = await runCli(['shell'], {
      env,
      input: 'topics list --explain\ntopics list\ntopics delete a --yes --explain=json\n',
    })
    expect(stderr.match(/Requests, in order/g)).toHaveLength(1)
    const events = eventsOf({ stderr } as CliResult)
    expect(ofKind(events, 'partition')).toMatchObject([{ change: 'deleted', topic: 'a' }])
    expect(ofKind(events, 'znode')).toContainEqual({
      event: 'znode',
      change: 'deleted',
      path: '/brokers/topics/a',
    })
  })
})

describe('--explain beside a server', () => {
  it('sees what others serve, and says whose doing it may be', async () => {
    const server = startCli(['cluster', 'start', '--listen', '127.0.0.1:0', '-o', 'json'], { env })
    running.add(server)
    const end = finished(server)
    let text = ''
    for await (const chunk of server.stdout ?? []) {
      text += chunk
      if (text.endsWith('}\n')) break
    }
    const { addresses, pid } = JSON.parse(text) as { addresses: string[]; pid: number }
    const created = await kcli(['topics', 'create', 'b', '--explain=json'])
    expect(ofKind(eventsOf(created), 'partition')).toMatchObject([{ change: 'created', topic: 'b' }])
    expect(ofKind(eventsOf(created), 'note')).toEqual([
      { event: 'note', message: expect.stringContaining(`Process ${pid} serves ${dataDir}`) },
    ])
    const remote = await kcli(['produce', 'b', '-b', addresses[0] ?? '', '--explain=json'], 'x\n')
    const kinds = new Set(eventsOf(remote).map(({ event }) => event))
    expect([...kinds].sort()).toEqual(['connect', 'request'])
    const requests = ofKind(eventsOf(remote), 'request')
    expect(requests.every(({ broker }) => typeof broker === 'number')).toBe(true)
    expect(requests.at(-1)).toMatchObject({ api: 'Produce', answer: 'b-0 at 0' })
    server.kill('SIGTERM')
    await end
  })
})

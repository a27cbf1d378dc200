import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-bad-input')
const dataDir = path.join(directory.path, 'data')
const kcli = (args: string[], input?: string) =>
  runCli(args, { env: { KCLI_DATA_DIR: dataDir }, ...(input !== undefined && { input }) })

beforeAll(async () => {
  expect(await kcli(['topics', 'create', 'orders'])).toMatchObject({ code: 0 })
})
afterAll(() => directory.remove())

/** One or two sentences on stderr, nothing on stdout, no stack and no name that only the program knows. */
function expectSentence(result: { stdout: string; stderr: string }, words: string | RegExp): void {
  expect(result.stderr).toMatch(words)
  expect(result.stderr).toMatch(/^kcli: /)
  expect(result.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2)
  expect(result.stderr).not.toMatch(/\n\s+at |pipe:|\.kcli:/)
  expect(result.stdout).toBe('')
}

describe('bad input about topics', () => {
  it.each([
    [['topics', 'create', 'a b'], /Topic name is invalid: 'a b' contains/],
    [['topics', 'create', 'b', '-r', '9'], /Replication factor: 9 larger than available brokers: 3/],
    [['topics', 'create', 'b', '-p', '2000000000'], /Number of partitions must be at most/],
    [['topics', 'create', 'b', '--config', 'nope=1'], /Unknown topic config name: nope/],
    [
      ['topics', 'create', 'b', '--config', 'retention.ms=x'],
      /Invalid value x for configuration retention\.ms/,
    ],
    [['topics', 'delete', 'nope', '--yes'], /^kcli: topic 'nope' does not exist\n$/],
    [['topics', 'alter', 'nope', '-p', '5'], /^kcli: topic 'nope' does not exist\n$/],
    [['topics', 'alter', 'orders', '-p', '1'], /Topic already has 1 partitions/],
    [['topics', 'alter', 'orders', '--delete-config', 'nope'], /topics have no setting 'nope'/],
    [['consume', 'nope'], /topic 'nope' does not exist/],
  ])('%j is said to be wrong', async (args, words) => {
    const result = await kcli(args)
    expect(result.code).toBe(1)
    expectSentence(result, words)
    expect((await kcli(['topics', 'list', '-o', 'name'])).stdout).toBe('orders\n')
  })
})

describe('a data directory that cannot be used', () => {
  const made = (name: string, file: string, text: string) => {
    const target = path.join(directory.path, name)
    fs.mkdirSync(target, { recursive: true })
    fs.writeFileSync(path.join(target, file), text)
    return target
  }

  it.each([
    ['another version', () => made('v9', 'kcli.json', '{"version":9,"brokers":3}'), /layout version 9/],
    ['Apache Kafka', () => made('kafka', 'meta.properties', 'version=0\n'), /Apache Kafka broker/],
    ['files of others', () => made('files', 'x', ''), /is not empty/],
    ['a damaged layout', () => made('damaged', 'kcli.json', '{'), /cannot be read/],
    ['a file in its place', () => path.join(made('file', 'x', ''), 'x'), /a file is in the way/],
  ])('%s', async (_name, make, words) => {
    const target = make()
    const before = fs.statSync(target).isDirectory() ? fs.readdirSync(target) : []
    for (const args of [
      ['topics', 'list'],
      ['cluster', 'start', '--listen', ':0'],
      ['cluster', 'status'],
    ]) {
      const result = await kcli([...args, '--data-dir', target])
      expect(result.code).toBe(1)
      expectSentence(result, words)
    }
    expect(fs.statSync(target).isDirectory() ? fs.readdirSync(target) : []).toEqual(before)
  })
})

describe('an address that is no Kafka', () => {
  async function serve(
    onSocket: (socket: net.Socket) => void,
  ): Promise<{ address: string; close: () => void }> {
    const server = net.createServer((socket) => {
      socket.on('error', () => undefined)
      onSocket(socket)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as net.AddressInfo
    return { address: `127.0.0.1:${port}`, close: () => server.close() }
  }

  it.each([
    ['ends every connection', (socket: net.Socket) => socket.destroy(), /the connection to .* was lost/],
    ['never answers', () => undefined, /did not answer ApiVersions in time/],
    [
      'speaks HTTP',
      (socket: net.Socket) => socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
      /it is an HTTP server/,
    ],
    ['wants TLS', (socket: net.Socket) => socket.write(Buffer.from('15030300020232', 'hex')), /it wants TLS/],
  ])('one that %s', async (_name, onSocket, words) => {
    const { address, close } = await serve(onSocket)
    const result = await kcli(['topics', 'list', '-b', address, '--timeout', '300'])
    close()
    expect(result.code).toBe(3)
    expectSentence(result, words)
    expect(result.stderr.split(address)).toHaveLength(2)
  })

  it('is a port that a server cannot have either', async () => {
    const { address, close } = await serve((socket) => socket.destroy())
    const result = await kcli([
      'cluster',
      'start',
      '--listen',
      address,
      '--data-dir',
      path.join(directory.path, 'port'),
    ])
    close()
    expect(result.code).toBe(1)
    expectSentence(result, `cannot listen on ${address}: it is in use`)
  })
})

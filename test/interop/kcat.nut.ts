/** kcat (librdkafka) against `kcli cluster start`, with the same questions to Apache Kafka. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { kcat } from './support/kcat.ts'
import { neutral, type Pair, startPair, type Target } from './support/pair.ts'
import { describeInterop } from './support/suite.ts'

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
const FORMAT = '%o %k [%K] %s [%S] %h\n'

describeInterop('kcat', ['kafka', 'driver', 'kcat'], () => {
  let pair: Pair

  beforeAll(async () => {
    pair = await startPair()
  })
  afterAll(() => pair?.stop())

  const create = async (topic: string, assignment: string) => {
    const args = ['--create', '--topic', topic, '--replica-assignment', assignment]
    await pair.sameTool('kafka-topics', args)
  }
  const produce = (target: Target, topic: string, input: string, ...args: string[]) =>
    kcat(['-b', target.bootstrap, '-P', '-t', topic, '-p', '0', ...args], { stdin: input })
  const consume = async (target: Target, topic: string, ...args: string[]) => {
    const where = ['-b', target.bootstrap, '-C', '-t', topic, '-p', '0', '-o', 'beginning', '-e', '-q']
    return (await kcat([...where, '-f', FORMAT, ...args])).stdout
  }
  const records = (note: string) => `k1:value ${note}\nk2:\n:no key\nk3:${'x'.repeat(300)}\n`
  const headers = ['-H', 'h=1', '-H', 'empty=', '-H', 'null']

  it.each([
    { replicas: 1, assignment: '1' },
    { replicas: 3, assignment: '0:1:2' },
  ])(
    'carries records with each codec and acks 1 and all, $replicas replicas',
    async ({ replicas, assignment }) => {
      const topic = `codecs-${replicas}`
      await create(topic, assignment)
      for (const codec of CODECS) {
        for (const acks of ['1', 'all']) {
          const args = ['-z', codec, '-K:', '-Z', ...headers, '-X', `acks=${acks}`]
          await pair.same((target) => produce(target, topic, records(`${codec} ${acks}`), ...args))
        }
      }
      const read = await pair.same((target) => consume(target, topic))
      const lines = read.trimEnd().split('\n')
      expect(lines).toHaveLength(CODECS.length * 2 * 4)
      expect(lines[0]).toBe('0 k1 [2] value none 1 [12] h=1,empty=,null=NULL')
      expect(lines[1]).toBe('1 k2 [2]  [-1] h=1,empty=,null=NULL')
      expect(lines[2]).toBe('2  [-1] no key [6] h=1,empty=,null=NULL')
    },
  )

  it('sends with acks 0', async () => {
    await create('unacknowledged', '0:1:2')
    for (let i = 0; i < 3; i++)
      await pair.same((target) => produce(target, 'unacknowledged', `line ${i}\n`, '-X', 'acks=0'))
    await expect.poll(() => consume(pair.kcli, 'unacknowledged')).toContain('2  [-1] line 2')
    expect((await consume(pair.kcli, 'unacknowledged')).split('\n')).toHaveLength(4)
  })

  it('is idempotent, with many batches in flight', async () => {
    await create('idempotent', '0:1:2')
    const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join('')
    const args = ['-X', 'enable.idempotence=true', '-X', 'batch.num.messages=100', '-z', 'lz4']
    await produce(pair.kcli, 'idempotent', lines, ...args)
    const { stdout } = await kcat([
      '-b',
      pair.kcli.bootstrap,
      '-C',
      '-t',
      'idempotent',
      '-p',
      '0',
      '-o',
      'beginning',
      '-e',
      '-q',
    ])
    expect(stdout).toBe(lines)
  })

  it('keeps the same bytes in all three replicas', () => {
    for (const topic of ['codecs-3', 'idempotent']) {
      const digests = [0, 1, 2].map((id) => {
        const file = path.join(pair.kcli.logDir(id), `${topic}-0`, '00000000000000000000.log')
        return createHash('sha256').update(readFileSync(file)).digest('hex')
      })
      expect(new Set(digests).size).toBe(1)
    }
  })

  it('carries large values and binary ones', async () => {
    await create('large', '0:1:2')
    const value = Buffer.alloc(900_000, 'abcdefghij').toString()
    await pair.same((target) => produce(target, 'large', value, '-D', '\n\n', '-z', 'none'))
    const { stdout } = await kcat([
      '-b',
      pair.kcli.bootstrap,
      '-C',
      '-t',
      'large',
      '-p',
      '0',
      '-o',
      'beginning',
      '-e',
      '-q',
      '-D',
      '',
    ])
    expect(stdout === value).toBe(true)
  })

  it('lists brokers and topics', async () => {
    await create('listed', '0:1,1:2,2:0')
    // Brokers hear of a new topic one after the other.
    const listing = (target: Target, args: string[]) =>
      vi.waitFor(async () => {
        const { stdout } = await kcat(['-b', target.bootstrap, '-L', ...args])
        expect(stdout).not.toContain('Leader not available')
        return stdout
      }, 5000)
    const list = async (target: Target, ...args: string[]) =>
      neutral(await listing(target, args), target)
        // Which broker answers, which one is the controller, and the order of brokers and topics are chance.
        .replace(/\(from broker .*\)/, '')
        .replace(' (controller)', '')
        .split('\n')
        .map((line) => (line.startsWith('  broker') ? '  broker' : line))
    await pair.same((target) => list(target, '-t', 'listed'))
    await pair.same((target) => list(target, '-t', 'never-made', '-X', 'allow.auto.create.topics=false'))
    await pair.same(async (target) =>
      (await list(target)).filter((line) => line.startsWith('  topic')).sort(),
    )
  })

  it('asks for offsets by time', async () => {
    await create('timed', '0')
    for (const spec of ['-1', '-2', '1', '9999999999999']) {
      await pair.same(async (target) => {
        await produce(target, 'timed', `${spec}\n`)
        return (await kcat(['-b', target.bootstrap, '-Q', '-t', `timed:0:${spec}`])).stdout
      })
    }
  })

  it('reads from the end, from an offset and a number before the end', async () => {
    for (const offset of ['end', '5', '-3', '1000']) {
      await pair.same(async (target) => {
        const args = ['-b', target.bootstrap, '-C', '-t', 'codecs-3', '-p', '0', '-o', offset, '-e', '-q']
        return (await kcat([...args, '-f', FORMAT])).stdout
      })
    }
  })

  it('makes a topic by producing to it', async () => {
    const read = await pair.same(async (target) => {
      await produce(target, 'made-on-use', 'first\n')
      return consume(target, 'made-on-use')
    })
    expect(read).toBe('0  [-1] first [5] \n')
  })

  it('is refused a record beyond max.message.bytes', async () => {
    await pair.sameTool('kafka-topics', [
      ...['--create', '--topic', 'small', '--replica-assignment', '0:1:2'],
      ...['--config', 'max.message.bytes=1000'],
    ])
    const errors = await pair.same((target) =>
      produce(target, 'small', `${'y'.repeat(2_000)}\n`).then(
        () => 'accepted',
        (error: Error) => error.message.replace(/.*Delivery failed/s, 'Delivery failed'),
      ),
    )
    expect(errors).toContain('Message size too large')
  })
})

import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { systemClock } from '../../src/base/clock.ts'
import type { FileRange } from '../../src/base/file-system.ts'
import type { Address, Channel } from '../../src/base/network.ts'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const KINDS = ['pipe', 'unix', 'tcp'] as const

function addressOf(kind: (typeof KINDS)[number]): Address {
  if (kind === 'pipe') return { kind, name: 'test' }
  if (kind === 'unix') return { kind, path: path.join(temporaryDirectory(), 's') }
  return { kind, host: '127.0.0.1', port: 0 }
}

async function pair(kind: (typeof KINDS)[number]): Promise<{ near: Channel; far: Channel }> {
  const network = createNodeNetwork(systemClock)
  let accepted: (channel: Channel) => void
  const far = new Promise<Channel>((resolve) => {
    accepted = resolve
  })
  const listener = await network.listen(addressOf(kind), (channel) => accepted(channel))
  const near = await network.connect(listener.address, { timeoutMs: 1000 })
  onTestFinished(async () => {
    near.destroy()
    ;(await far).destroy()
    await listener.close()
  })
  return { near, far: await far }
}

/** Everything that arrives until the other side ends. */
function collect(channel: Channel): Promise<{ bytes: Buffer; error: Error | null }> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = []
    channel.start({
      data: (chunk) => chunks.push(chunk),
      close: (error) => resolve({ bytes: Buffer.concat(chunks), error }),
    })
  })
}

function rangeOf(file: string, position: number, length: number): FileRange & { released: number } {
  const handle = nodeFileSystem.openSync(file, 'r')
  const range = {
    file: handle,
    position,
    length,
    released: 0,
    release() {
      range.released++
      handle.closeSync()
    },
  }
  return range
}

const ignore = { data: () => undefined, close: () => undefined }

describe.each(KINDS)('a channel over %s', (kind) => {
  it('delivers bytes and file ranges in the order of the writes, and ends', async () => {
    const { near, far } = await pair(kind)
    const file = path.join(temporaryDirectory(), 'file')
    const content = Buffer.alloc(3_000_000, 'abcdefg')
    fs.writeFileSync(file, content)
    const range = rangeOf(file, 1, 2_500_000)
    near.start(ignore)
    const received = collect(far)
    near.write([Buffer.from('head ')])
    near.write([Buffer.from('<'), range, Buffer.from('>')])
    near.write([Buffer.from(' tail')])
    near.end()
    const { bytes, error } = await received
    expect(error).toBeNull()
    const expected = Buffer.concat([
      Buffer.from('head <'),
      content.subarray(1, 2_500_001),
      Buffer.from('> tail'),
    ])
    expect(bytes.equals(expected)).toBe(true)
    expect(range.released).toBe(1)
  })

  it('delivers nothing while paused and everything after', async () => {
    const { near, far } = await pair(kind)
    near.start(ignore)
    let got = ''
    const done = new Promise<void>((resolve) => {
      far.start({
        data: (chunk) => {
          got += chunk.toString()
          if (got === 'ab') resolve()
        },
        close: () => undefined,
      })
    })
    far.pause()
    near.write([Buffer.from('a')])
    near.write([Buffer.from('b')])
    await new Promise((resolve) => setTimeout(resolve, 5))
    expect(got).toBe('')
    far.resume()
    await done
  })

  it('keeps the order when a slow reader fills the way, again and again', async () => {
    const { near, far } = await pair(kind)
    const file = path.join(temporaryDirectory(), 'file')
    const content = Buffer.from(
      Array.from({ length: 4_000_000 }, (_, index) => (index * 7 + (index >> 8)) & 0xff),
    )
    fs.writeFileSync(file, content)
    near.start(ignore)
    const chunks: Buffer[] = []
    const done = new Promise<void>((resolve) => {
      far.start({
        data: (chunk) => {
          chunks.push(chunk)
          if (chunks.length % 20 !== 0) return
          far.pause()
          setImmediate(() => far.resume())
        },
        close: () => resolve(),
      })
    })
    const expected: Buffer[] = []
    for (let index = 0; index < 8; index++) {
      const [position, length] = [index * 1000, 3_000_000 + index]
      const label = Buffer.from(`[${index}]`)
      near.write([label, rangeOf(file, position, length), label])
      expected.push(label, content.subarray(position, position + length), label)
    }
    near.end()
    await done
    expect(Buffer.concat(chunks).equals(Buffer.concat(expected))).toBe(true)
  })

  it('tells both sides of the end once, and releases ranges that were not sent', async () => {
    const { near, far } = await pair(kind)
    const file = path.join(temporaryDirectory(), 'file')
    fs.writeFileSync(file, 'content')
    let closes = 0
    const nearClosed = new Promise<void>((resolve) => {
      near.start({
        data: () => undefined,
        close: () => {
          closes++
          resolve()
        },
      })
    })
    const farClosed = collect(far)
    near.destroy()
    const range = rangeOf(file, 0, 7)
    near.write([range])
    await Promise.all([nearClosed, farClosed])
    near.destroy()
    expect(closes).toBe(1)
    expect(range.released).toBe(1)
  })

  it('breaks off when a file range is longer than its file', async () => {
    const { near, far } = await pair(kind)
    const file = path.join(temporaryDirectory(), 'file')
    fs.writeFileSync(file, 'short')
    const range = rangeOf(file, 0, 100)
    const failed = collect(near)
    far.start(ignore)
    near.write([range])
    expect((await failed).error?.message).toMatch(/ends before byte 100/)
    expect(range.released).toBe(1)
  })
})

describe('an address that cannot be had', () => {
  it.each(['pipe', 'unix'] as const)('%s: nobody listens', async (kind) => {
    const network = createNodeNetwork(systemClock)
    const refused = network.connect(addressOf(kind), { timeoutMs: 1000 })
    await expect(refused).rejects.toMatchObject({ code: kind === 'pipe' ? 'ECONNREFUSED' : 'ENOENT' })
  })

  it.each(KINDS)('%s: somebody listens already', async (kind) => {
    const network = createNodeNetwork(systemClock)
    const listener = await network.listen(addressOf(kind), () => undefined)
    onTestFinished(() => listener.close())
    await expect(network.listen(listener.address, () => undefined)).rejects.toMatchObject({
      code: 'EADDRINUSE',
    })
  })
})

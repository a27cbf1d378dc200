import { describe, expect, it } from 'vitest'
import type { Channel, ChannelHandlers, Network } from '../../src/base/network.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { Gate } from '../../src/cluster/faults/gate.ts'
import { GatedClock } from '../../src/cluster/faults/gated-clock.ts'
import { GatedFileSystem } from '../../src/cluster/faults/gated-file-system.ts'
import { GatedNetwork } from '../../src/cluster/faults/gated-network.ts'
import { ManualClock } from '../support/manual-clock.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'

describe('the gate', () => {
  it('holds what comes while it is closed, in order, and passes on after one that throws', async () => {
    const failures: unknown[] = []
    const clock = new ManualClock()
    clock.defer = (fn) => {
      try {
        fn()
      } catch (error) {
        failures.push(error)
      }
    }
    const gate = new Gate(clock)
    const seen: number[] = []
    gate.pause()
    gate.pass(() => seen.push(1))
    gate.pass(() => {
      throw new Error('mine')
    })
    gate.pass(() => seen.push(2))
    const answer = gate.answer(() => Promise.resolve(3)).then((value) => seen.push(value))
    await Promise.resolve()
    expect(seen).toEqual([])
    gate.resume()
    await answer
    expect(seen).toEqual([1, 2, 3])
    expect(failures).toEqual([new Error('mine')])
    gate.kill()
    gate.pass(() => seen.push(4))
    expect(seen).toEqual([1, 2, 3])
  })
})

describe('the clock of a broker', () => {
  it('holds timers while it is paused, drops them when it is killed, and forgets what was cancelled', async () => {
    const clock = new ManualClock()
    const gate = new Gate(clock)
    const gated = new GatedClock(clock, gate)
    const fired: string[] = []
    gated.setTimer(10, () => fired.push('held'))
    const cancelled = gated.setTimer(10, () => fired.push('cancelled'))
    gate.pause()
    await clock.advance(20)
    cancelled.cancel()
    expect(fired).toEqual([])
    gate.resume()
    expect(fired).toEqual(['held'])
    gated.setTimer(10, () => fired.push('killed'))
    gate.kill()
    gated.kill()
    gated.setTimer(10, () => fired.push('after'))
    await clock.advance(20)
    expect(fired).toEqual(['held'])
  })
})

describe('the files of a broker', () => {
  it('are closed when a write that is under way is done, and not touched any more after that', async () => {
    const memory = new MemoryFileSystem()
    const gate = new Gate(new ManualClock())
    const fs = new GatedFileSystem(memory, gate)
    fs.mkdirSync('/d')
    const closed: string[] = []
    let finish: () => void = () => undefined
    const open = memory.openSync.bind(memory)
    memory.openSync = (path, mode) => {
      const file = open(path, mode)
      const write = file.write.bind(file)
      const close = file.closeSync.bind(file)
      file.write = async (parts, position) => {
        await new Promise<void>((resolve) => {
          finish = resolve
        })
        await write(parts, position)
      }
      file.closeSync = () => {
        closed.push(path)
        close()
      }
      return file
    }
    const file = fs.openSync('/d/log', 'rw')
    void file.write([Buffer.from('under way')], 0)
    gate.kill()
    const killed = fs.kill()
    await Promise.resolve()
    expect(closed).toEqual([])
    file.closeSync()
    expect(closed).toEqual([])
    finish()
    await killed
    expect(closed).toEqual(['/d/log'])
    expect(memory.readFileSync('/d/log').toString()).toBe('under way')

    let isAnswered = false
    for (const asked of [file.write([Buffer.from('late')], 0), file.sync(), fs.syncDirectory('/d')]) {
      asked.finally(() => {
        isAnswered = true
      })
    }
    expect(() => fs.writeFileSync('/d/other', Buffer.alloc(1))).toThrow('the broker has been killed')
    expect(() => file.truncateSync(0)).toThrow('the broker has been killed')
    await new Promise((resolve) => setImmediate(resolve))
    expect(isAnswered).toBe(false)
    expect(memory.readdirSync('/d')).toEqual(['log'])
  })
})

describe('the network of a broker', () => {
  const clock = new ManualClock()
  const pipe = { kind: 'pipe', name: 'broker-1.kcli' } as const
  const turn = () => clock.advance(0)

  it('takes nothing while it is paused, and everything after', async () => {
    const { network, gate, gated } = make()
    const served = listen(gated)
    const near = await network.connect(pipe, { timeoutMs: 100 })
    const heard = start(near)
    near.write([Buffer.from('one ')])
    await turn()
    gate.pause()
    gated.pause()
    near.write([Buffer.from('two ')])
    const second = await network.connect(pipe, { timeoutMs: 100 })
    start(second)
    second.write([Buffer.from('three')])
    await turn()
    expect(served).toEqual(['one '])
    gate.resume()
    gated.resume()
    await turn()
    expect(served).toEqual(['one two ', 'three'])
    gate.kill()
    await gated.kill()
    await turn()
    expect(heard.isClosed).toBe(true)
    await expect(network.connect(pipe, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })

  it('cuts what leads to a peer, and refuses it until it is healed', async () => {
    const { network, gated, cuts } = make()
    await network.listen(pipe, (channel) => start(channel))
    const channel = await gated.connect(pipe, { timeoutMs: 100 })
    const heard = start(channel)
    cuts.add(1)
    gated.sever()
    await turn()
    expect(heard).toMatchObject({ isClosed: true, error: { code: 'ECONNRESET' } })
    await expect(gated.connect(pipe, { timeoutMs: 100 })).rejects.toMatchObject({ code: 'ECONNREFUSED' })
    cuts.delete(1)
    await expect(gated.connect(pipe, { timeoutMs: 100 })).resolves.toBeDefined()
  })

  function make() {
    const network = createNodeNetwork(clock)
    const gate = new Gate(clock)
    const cuts = new Set<unknown>()
    const gated = new GatedNetwork({
      network,
      gate,
      peerOf: (address) => (address.kind === 'pipe' ? 1 : undefined),
      isCut: (peer) => cuts.has(peer),
    })
    return { network, gate, gated, cuts }
  }

  /** What each connection has sent. */
  function listen(network: Network): string[] {
    const served: string[] = []
    void network.listen(pipe, (channel) => {
      const index = served.push('') - 1
      start(channel, (chunk) => {
        served[index] += chunk.toString()
      })
    })
    return served
  }

  function start(channel: Channel, data: ChannelHandlers['data'] = () => undefined) {
    const heard: { isClosed: boolean; error: Error | null } = { isClosed: false, error: null }
    channel.start({
      data,
      close: (error) => {
        heard.isClosed = true
        heard.error = error
      },
    })
    return heard
  }
})

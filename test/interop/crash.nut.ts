/** The server is killed while an idempotent producer writes: what was acknowledged is there, and once. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { killWithUs } from './support/child.ts'
import { childEnv, freePorts } from './support/environment.ts'
import { kcat, kcatConsume } from './support/kcat.ts'
import { createKcliHome, type KcliHome, kcli, startKcliCluster } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

const TOTAL = 60_000

describeInterop('a killed cluster', ['kcat'], () => {
  let home: KcliHome

  beforeAll(() => {
    home = createKcliHome()
  })
  afterAll(() => home?.remove())

  it('has all that was acknowledged, once, after two kills', async () => {
    const [port = 0] = await freePorts(3)
    const start = () => startKcliCluster(home, { listen: `127.0.0.1:${port}` })
    let cluster = await start()
    const { bootstrap } = cluster
    const create = ['topics', 'create', 'survivor', '--replica-assignment', '0:1:2']
    expect(await kcli(home, [...create, '--bootstrap-server', bootstrap])).toMatchObject({ code: 0 })
    const settings = [
      'enable.idempotence=true',
      'acks=all',
      'batch.num.messages=100',
      'linger.ms=1',
      'queue.buffering.max.messages=2000',
      'reconnect.backoff.max.ms=200',
      'message.timeout.ms=60000',
    ].flatMap((setting) => ['-X', setting])
    const child = spawn('kcat', ['-b', bootstrap, '-P', '-E', '-t', 'survivor', '-p', '0', ...settings], {
      env: childEnv(),
    })
    killWithUs(child)
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString()
    })
    const ended = once(child, 'exit') as Promise<[number | null]>
    const failed = ended.then(([code]) => {
      if (!child.stdin.writableEnded) throw new Error(`kcat ended with ${code}: ${errors}`)
    })
    failed.catch(() => undefined)
    child.stdin.on('error', () => undefined)
    const feed = async (from: number, to: number) => {
      for (let i = from; i < to; i += 500) {
        const block = Array.from({ length: Math.min(500, to - i) }, (_, j) => `${i + j}\n`).join('')
        if (!child.stdin.write(block)) await Promise.race([once(child.stdin, 'drain'), failed])
      }
    }
    /** kcat takes in lines only as fast as they are acknowledged, so it is in the middle of them here. */
    for (const [from, to] of [
      [0, TOTAL / 3],
      [TOTAL / 3, (TOTAL * 2) / 3],
    ] as const) {
      await feed(from, to)
      await cluster.stop('SIGKILL')
      cluster = await start()
    }
    await feed((TOTAL * 2) / 3, TOTAL)
    child.stdin.end()
    const [code] = await ended
    expect({ code, failed: errors.match(/Delivery failed.*/g) }).toEqual({ code: 0, failed: null })
    const lines = await kcatConsume(bootstrap, 'survivor')
    const expected = Array.from({ length: TOTAL }, (_, i) => String(i))
    expect(lines.length).toBe(TOTAL)
    expect(lines).toEqual(expected)
    const { stdout } = await kcat(['-b', bootstrap, '-L', '-t', 'survivor'])
    expect(stdout).toMatch(/replicas: 0,1,2, isrs: (\d,?){3}/)
    expect(await cluster.stop()).toBe(0)
  })
})

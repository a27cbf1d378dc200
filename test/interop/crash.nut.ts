/** The server is killed while an idempotent producer writes: what was acknowledged is there, and once. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { freePorts } from './support/environment.ts'
import { kcat, kcatConsume } from './support/kcat.ts'
import { createKcliHome, type KcliHome, kcli, startKcliCluster } from './support/kcli.ts'
import { startSteadyProducer } from './support/steady-producer.ts'
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
    const producer = startSteadyProducer(bootstrap, 'survivor')
    // kcat takes in numbers only as fast as they are acknowledged, so it is in the middle of them when a server dies.
    for (const end of [TOTAL / 3, (TOTAL * 2) / 3]) {
      await producer.feed(end)
      await cluster.stop('SIGKILL')
      cluster = await start()
    }
    await producer.feed(TOTAL)
    await producer.finish()
    const lines = await kcatConsume(bootstrap, 'survivor')
    const expected = Array.from({ length: TOTAL }, (_, i) => String(i))
    expect(lines.length).toBe(TOTAL)
    expect(lines).toEqual(expected)
    const { stdout } = await kcat(['-b', bootstrap, '-L', '-t', 'survivor'])
    expect(stdout).toMatch(/replicas: 0,1,2, isrs: (\d,?){3}/)
    expect(await cluster.stop()).toBe(0)
  })
})

import { describe, expect, it } from 'vitest'
import { createNodeNetwork } from '../../../src/base/node-network.ts'
import { askWord, parseStatistics } from '../../../src/cli/services/top/four-letter-word.ts'
import { ManualClock } from '../../support/manual-clock.ts'

/** As ZooKeeper 3.8 answers. */
const SRVR = `Zookeeper version: 3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on 2024-02-12 22:16 UTC
Latency min/avg/max: 0/0.6275/12
Received: 102
Sent: 104
Connections: 1
Outstanding: 0
Zxid: 0x5c
Mode: standalone
Node count: 41
`
const MNTR =
  'zk_version\t3.8.4-9316c2a, built on 2024\nzk_server_state\tleader\nzk_znode_count\t41\nzk_watch_count\t7\n'

describe('four-letter words', () => {
  it('tell the same by the same names', () => {
    expect(Object.fromEntries(parseStatistics(SRVR) ?? [])).toEqual({
      version: '3.8.4-9316c2a7a97e1666d8f4593f34dd6fc36ecc436c, built on 2024-02-12 22:16 UTC',
      num_alive_connections: '1',
      server_state: 'standalone',
      znode_count: '41',
    })
    expect(Object.fromEntries(parseStatistics(MNTR) ?? [])).toMatchObject({
      server_state: 'leader',
      znode_count: '41',
      watch_count: '7',
    })
    expect(parseStatistics('mntr is not executed because it is not in the whitelist.\n')).toBeUndefined()
  })

  it('wait for the whole answer, and not for ever', async () => {
    const clock = new ManualClock()
    const network = createNodeNetwork(clock)
    const address = { kind: 'pipe', name: 'zookeeper' } as const
    let isSilent = false
    const listener = await network.listen(address, (channel) => {
      channel.start({
        data: (chunk) => {
          if (isSilent) return
          channel.write([Buffer.from(`${chunk} `)])
          channel.write([Buffer.from('is answered')])
          channel.end()
        },
        close: () => undefined,
      })
    })
    expect(await askWord({ network, clock }, address, 'ruok', 1_000)).toBe('ruok is answered')
    isSilent = true
    const silent = askWord({ network, clock }, address, 'mntr', 1_000).catch(String)
    await clock.advance(1_000)
    expect(await silent).toContain('no answer to mntr within 1000 ms')
    await listener.close()
  })
})

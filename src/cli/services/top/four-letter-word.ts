import type { Clock } from '../../../base/clock.ts'
import type { Address, Network } from '../../../base/network.ts'

/** An answer to `mntr` has a few kilobytes; what goes on for longer is none. */
const MAX_ANSWER_BYTES = 1 << 20

/** What a ZooKeeper answers to one of its four-letter words: it takes the word, answers and hangs up. */
export async function askWord(
  { network, clock }: { readonly network: Network; readonly clock: Clock },
  address: Address,
  word: string,
  timeoutMs: number,
): Promise<string> {
  const channel = await network.connect(address, { timeoutMs })
  return await new Promise((resolve, reject) => {
    const timer = clock.setTimer(timeoutMs, () => {
      channel.destroy(new Error(`no answer to ${word} within ${timeoutMs} ms`))
    })
    const chunks: Buffer[] = []
    let bytes = 0
    channel.start({
      data: (chunk) => {
        chunks.push(Buffer.from(chunk))
        bytes += chunk.length
        if (bytes > MAX_ANSWER_BYTES) channel.destroy(new Error(`the answer to ${word} does not end`))
      },
      close: (error) => {
        timer.cancel()
        if (error === null) resolve(Buffer.concat(chunks).toString())
        else reject(error)
      },
    })
    channel.write([Buffer.from(word)])
  })
}

/** What both `mntr` and `srvr` tell, by the names of `mntr` without `zk_`. Undefined when the word is not allowed. */
export function parseStatistics(answer: string): ReadonlyMap<string, string> | undefined {
  const values = new Map<string, string>()
  for (const line of answer.split('\n')) {
    const monitored = /^zk_(\w+)\t(.*)$/.exec(line)
    if (monitored?.[1] !== undefined) values.set(monitored[1], monitored[2] ?? '')
    const [name = '', value] = line.split(/: (.*)/s)
    const known = SERVER_NAMES[name]
    if (known !== undefined && value !== undefined) values.set(known, value)
  }
  return values.size === 0 ? undefined : values
}

const SERVER_NAMES: Readonly<Record<string, string>> = {
  'Zookeeper version': 'version',
  Mode: 'server_state',
  Connections: 'num_alive_connections',
  'Node count': 'znode_count',
}

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { killWithUs } from './child.ts'
import { childEnv } from './environment.ts'

/** kcat as an idempotent producer that goes on through deaths of its brokers; its records are the numbers 0, 1, 2, … */
export interface SteadyProducer {
  /** Resolves when kcat has taken in the numbers up to `end`. It takes no more than 2000 that are not acknowledged. */
  feed(end: number): Promise<void>
  /** Resolves when everything is acknowledged; rejects when anything was not. */
  finish(): Promise<void>
}

const BLOCK = 500

export function startSteadyProducer(
  bootstrap: string,
  topic: string,
  options: { messageTimeoutMs?: number } = {},
): SteadyProducer {
  const { messageTimeoutMs = 60_000 } = options
  const settings = [
    'enable.idempotence=true',
    'acks=all',
    'batch.num.messages=100',
    'linger.ms=1',
    'queue.buffering.max.messages=2000',
    'reconnect.backoff.max.ms=200',
    `message.timeout.ms=${messageTimeoutMs}`,
    // A broker that has just started does not know the topic for a moment.
    'allow.auto.create.topics=false',
    `topic.metadata.propagation.max.ms=${messageTimeoutMs}`,
  ].flatMap((setting) => ['-X', setting])
  const child = spawn('kcat', ['-b', bootstrap, '-P', '-E', '-t', topic, '-p', '0', ...settings], {
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
  let next = 0
  return {
    async feed(end) {
      for (; next < end; next += BLOCK) {
        const block = Array.from({ length: Math.min(BLOCK, end - next) }, (_, i) => `${next + i}\n`).join('')
        if (!child.stdin.write(block)) await Promise.race([once(child.stdin, 'drain'), failed])
      }
    },
    async finish() {
      child.stdin.end()
      const [code] = await ended
      const refused = errors.match(/Delivery failed.*/g)
      if (code !== 0 || refused !== null)
        throw new Error(`kcat ended with ${code}: ${refused?.[0] ?? errors}`)
    },
  }
}

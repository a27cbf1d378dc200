import { setTimeout as pause } from 'node:timers/promises'
import { systemClock } from '../../../src/base/clock.ts'
import { createNodeNetwork } from '../../../src/base/node-network.ts'
import { systemRandom } from '../../../src/base/random.ts'
import { type ClientOptions, Consumer, Producer } from '../../../src/client/index.ts'

/** Options for a client in this process. */
function clientOptions(bootstrap: string): ClientOptions {
  return {
    bootstrap: bootstrap.split(',').map((each) => {
      const colon = each.lastIndexOf(':')
      return { kind: 'tcp', host: each.slice(0, colon), port: Number(each.slice(colon + 1)) }
    }),
    network: createNodeNetwork(systemClock),
    clock: systemClock,
    random: systemRandom,
    // What is measured is the cluster, not the patience of a client.
    retryBackoffMs: 10,
    retryBackoffMaxMs: 50,
    reconnectBackoffMs: 10,
    reconnectBackoffMaxMs: 50,
    connectTimeoutMs: 2_000,
  }
}

export interface LoadOptions {
  readonly bootstrap: string
  readonly topic: string
  readonly partitions: number
  /** Records of a partition that may wait for their acknowledgement. Default 10. */
  readonly window?: number
  /** Between two records of one place in the window. Default 2. */
  readonly pauseMs?: number
  /** request.timeout.ms: how long a broker that hangs is waited for. Default 3000. */
  readonly requestTimeoutMs?: number
}

/** A time without acknowledgements; `endMs` is of performance.now. */
export interface Gap {
  readonly forMs: number
  readonly endMs: number
}

/** The longest of those that were over later than `sinceMs`. `times`: of the acknowledgements. */
export function longestGap(times: readonly number[], sinceMs: number): Gap {
  let longest: Gap = { forMs: 0, endMs: sinceMs }
  for (let i = 1; i < times.length; i++) {
    const [before = 0, after = 0] = times.slice(i - 1, i + 1)
    if (after > sinceMs && after - before > longest.forMs) longest = { forMs: after - before, endMs: after }
  }
  return longest
}

/** An idempotent producer with acks=all that writes numbers to all partitions until it is stopped. */
export class Load {
  /** By partition, in the order in which they were sent; what was refused is missing. */
  readonly acknowledged: string[][]
  readonly refused: string[] = []
  private readonly options: LoadOptions
  private readonly producer: Producer
  private readonly acknowledgedAtMs: number[][]
  private readonly work: Promise<unknown>
  private isStopping = false

  constructor(options: LoadOptions) {
    this.options = options
    const requestTimeoutMs = options.requestTimeoutMs ?? 3_000
    this.producer = new Producer(
      { ...clientOptions(options.bootstrap), requestTimeoutMs },
      {
        requestTimeoutMs,
        deliveryTimeoutMs: 120_000,
        maxBlockMs: 120_000,
      },
    )
    const partitions = Array.from({ length: options.partitions }, (_, partition) => partition)
    this.acknowledged = partitions.map(() => [])
    this.acknowledgedAtMs = partitions.map(() => [])
    this.work = Promise.all(partitions.map((partition) => this.fill(partition)))
    this.work.catch(() => undefined)
  }

  /** Resolves when everything that was sent is settled. */
  async stop(): Promise<void> {
    this.isStopping = true
    await this.work
    await this.producer.close()
  }

  /** Without waiting for what is under way. */
  abandon(): void {
    this.isStopping = true
    this.producer.close().catch(() => undefined)
  }

  get count(): number {
    return this.acknowledged.reduce((sum, { length }) => sum + length, 0)
  }

  /** Resolves when each partition has got that many acknowledgements from now on. */
  async progress(count: number, timeoutMs = 60_000): Promise<void> {
    const wanted = this.acknowledged.map(({ length }) => length + count)
    const deadline = performance.now() + timeoutMs
    while (this.acknowledged.some(({ length }, partition) => length < (wanted[partition] ?? 0))) {
      if (performance.now() > deadline) {
        const counts = this.acknowledged.map(({ length }) => length)
        throw new Error(`no progress within ${timeoutMs} ms: ${counts} of ${wanted}`)
      }
      await pause(10)
    }
  }

  /** The longest time in which a partition got no acknowledgement, from `sinceMs` (of performance.now) on. */
  longestGapMs(sinceMs = 0): number {
    return Math.max(...this.acknowledgedAtMs.map((times) => longestGap(times, sinceMs).forMs))
  }

  /** {@link longestGapMs} of one partition, and when it was over. */
  longestGap(partition: number, sinceMs: number): Gap {
    return longestGap(this.acknowledgedAtMs[partition] ?? [], sinceMs)
  }

  private async fill(partition: number): Promise<void> {
    const { topic, window = 10, pauseMs = 2 } = this.options
    let next = 0
    const sent: { value: string; isStored: boolean }[] = []
    const one = async () => {
      while (!this.isStopping) {
        const record = { value: `${partition}-${next++}`, isStored: false }
        sent.push(record)
        try {
          await this.producer.send({ topic, partition, value: record.value })
          record.isStored = true
          this.acknowledgedAtMs[partition]?.push(performance.now())
          this.acknowledged[partition]?.push(record.value)
        } catch {
          this.refused.push(record.value)
        }
        await pause(pauseMs)
      }
    }
    await Promise.all(Array.from({ length: window }, one))
    this.acknowledged[partition] = sent.filter(({ isStored }) => isStored).map(({ value }) => value)
  }
}

/** What a partition holds, up to its end. */
export async function readPartition(bootstrap: string, topic: string, partition: number): Promise<string[]> {
  const consumer = new Consumer(clientOptions(bootstrap))
  try {
    const [end] = await consumer.offsets([{ topic, partition, spec: 'latest' }])
    consumer.assign([{ topic, partition, from: 'earliest' }])
    const values: string[] = []
    while ((consumer.position({ topic, partition }) ?? 0) < (end?.offset ?? 0)) {
      for (const { value } of await consumer.poll(1_000)) values.push(value?.toString() ?? '')
    }
    return values
  } finally {
    await consumer.close()
  }
}

/** What speaks against the load's records being stored: nothing may be missing, be there twice or out of order. */
export function faultsOf(stored: readonly string[], acknowledged: readonly string[]): string[] {
  const faults: string[] = []
  const number = (value: string) => Number(value.slice(value.indexOf('-') + 1))
  const there = new Set(stored)
  const lost = acknowledged.filter((value) => !there.has(value))
  if (lost.length > 0) faults.push(`${lost.length} lost: ${lost.slice(0, 5)}`)
  if (there.size !== stored.length) faults.push(`${stored.length - there.size} stored twice`)
  const disorder = stored.findIndex((value, i) => i > 0 && number(value) < number(stored[i - 1] ?? ''))
  if (disorder !== -1) faults.push(`${stored[disorder]} follows ${stored[disorder - 1]}`)
  return faults
}

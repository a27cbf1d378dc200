import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { startKcliBroker } from './ensemble.ts'
import { freePorts } from './environment.ts'
import { type KcliHome, type KcliServer, kcli } from './kcli.ts'

/** kcli brokers 0, 1, 2, …, each its own process, on a coordination service that is there already. */
export class BrokerProcesses {
  readonly home: KcliHome
  readonly ports: readonly number[]
  readonly running = new Map<number, KcliServer>()
  private readonly zookeeper: string
  private readonly config: Readonly<Record<string, string>>

  static async start(
    home: KcliHome,
    zookeeper: string,
    options: { readonly ids?: readonly number[]; readonly config?: Readonly<Record<string, string>> } = {},
  ): Promise<BrokerProcesses> {
    const ids = options.ids ?? [0, 1, 2]
    const ports = await freePorts(Math.max(...ids) + 1)
    const brokers = new BrokerProcesses(home, zookeeper, ports, options.config ?? {})
    await Promise.all(ids.map((id) => brokers.start(id)))
    return brokers
  }

  private constructor(
    home: KcliHome,
    zookeeper: string,
    ports: readonly number[],
    config: Readonly<Record<string, string>>,
  ) {
    this.home = home
    this.zookeeper = zookeeper
    this.ports = ports
    this.config = config
  }

  get bootstrap(): string {
    return [...this.running.keys()].map((id) => `127.0.0.1:${this.ports[id]}`).join(',')
  }

  /** Waits while the znode of one that was killed is still there, as whoever runs brokers has to. */
  async start(id: number, timeoutMs = 30_000): Promise<void> {
    const deadline = performance.now() + timeoutMs
    const { home, zookeeper, config } = this
    for (;;) {
      try {
        const port = this.ports[id] ?? 0
        this.running.set(id, await startKcliBroker(home, { id, port, zookeeper, config }))
        return
      } catch (error) {
        if (!String(error).includes('already registered') || performance.now() > deadline) throw error
        await pause(100)
      }
    }
  }

  async stop(id: number, signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    const broker = this.running.get(id)
    this.running.delete(id)
    return (await broker?.stop(signal)) ?? null
  }

  async stopAll(signal: NodeJS.Signals = 'SIGKILL'): Promise<(number | null)[]> {
    return Promise.all([...this.running.keys()].map((id) => this.stop(id, signal)))
  }

  pid(id: number): number {
    return this.running.get(id)?.pid ?? -1
  }

  /** A command of kcli against these brokers; rejects with what it said when it does not end well. */
  async kcli(args: readonly string[]): Promise<string> {
    const { stdout, stderr, code } = await kcli(this.home, [...args, '--bootstrap-server', this.bootstrap])
    if (code !== 0) throw new Error(`kcli ${args.join(' ')} ended with ${code}: ${stderr}`)
    return stdout
  }

  async partitions(topic: string): Promise<PartitionView[]> {
    const [described] = JSON.parse(await this.kcli(['topics', 'describe', topic, '-o', 'json'])) as [
      { partitions: PartitionView[] },
    ]
    return described.partitions
  }

  /** Resolves when every replica is in sync; it has to be within the time. */
  async inSync(topic: string, timeoutMs = 30_000): Promise<void> {
    const deadline = performance.now() + timeoutMs
    for (;;) {
      const partitions = await this.partitions(topic)
      if (partitions.every(({ replicas, isr }) => isr.length === replicas.length)) return
      if (performance.now() > deadline)
        throw new Error(`not in sync after ${timeoutMs} ms: ${JSON.stringify(partitions)}`)
      await pause(100)
    }
  }
}

export interface PartitionView {
  readonly partition: number
  readonly leader: number
  readonly replicas: readonly number[]
  readonly isr: readonly number[]
}

/** The digest of all records of a partition as they lie in a log directory. */
export function logDigest(logDir: string, partition: string): string {
  const dir = path.join(logDir, partition)
  const hash = createHash('sha256')
  for (const name of readdirSync(dir).sort())
    if (name.endsWith('.log')) hash.update(readFileSync(path.join(dir, name)))
  return hash.digest('hex')
}

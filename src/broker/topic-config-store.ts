import { type LogConfig, logConfigFromEntries } from '../storage/index.ts'
import type { KafkaZkClient } from './zk/index.ts'

type Properties = ReadonlyMap<string, string>

/**
 * The topics' own configurations, kept where the log manager can ask for them without waiting. They are read at the
 * start, when a partition of a topic is new to this broker, and when a notification says that they have changed.
 */
export class TopicConfigStore {
  private readonly zk: KafkaZkClient
  private readonly configs = new Map<string, Properties>()

  constructor(zk: KafkaZkClient) {
    this.zk = zk
  }

  async loadAll(): Promise<void> {
    for (const [topic, config] of await this.zk.entityConfigs('topics')) this.configs.set(topic, config)
  }

  async load(topics: Iterable<string>): Promise<void> {
    const read = async (topic: string) => this.configs.set(topic, await this.zk.entityConfig('topics', topic))
    await Promise.all([...topics].map(read))
  }

  set(topic: string, config: Properties): void {
    this.configs.set(topic, config)
  }

  has(topic: string): boolean {
    return this.configs.has(topic)
  }

  get(topic: string, name: string): string | undefined {
    return this.configs.get(topic)?.get(name)
  }

  topics(): string[] {
    return [...this.configs.keys()]
  }

  entries(topic: string): Record<string, string> {
    const entries = Object.fromEntries(this.configs.get(topic) ?? [])
    // Without effect since 3.0, whatever it says.
    delete entries['message.format.version']
    return entries
  }

  logConfig(topic: string): Partial<LogConfig> {
    return logConfigFromEntries(this.entries(topic))
  }
}

import type { CommandIndex } from './command-facts.ts'

/** The way to something that has a name, from the root: `['topics', 'orders']`. */
export type Place = readonly string[]

/** What completion asks of the world beside the commands themselves. */
export interface CompletionSource {
  readonly commands: CommandIndex
  /** Names below a place: `['topics']`, `['topics', NAME]` for its partitions, `['groups']`, `['brokers']`. */
  names(place: Place): Promise<readonly string[]>
  /** Settings of topics, brokers or clients. */
  configs(of: ConfigOwner): Promise<readonly ConfigFacts[]>
  profiles(): Promise<readonly string[]>
}

/** `any`: topics and brokers. */
export type ConfigOwner = 'any' | 'topic' | 'broker' | 'producer' | 'consumer' | 'client'

export interface ConfigFacts {
  readonly name: string
  /** As in Kafka's ConfigDef. */
  readonly type: string
  readonly defaultText: string | null
  /** As Kafka prints it: `[0,...]`, `[none, gzip]`; empty for any. */
  readonly valid: string
  readonly meaning?: string
}

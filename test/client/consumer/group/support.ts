import {
  Consumer,
  type ConsumerConfig,
  type ConsumerRecord,
  type RebalanceListener,
} from '../../../../src/client/index.ts'
import { BatchBuilder } from '../../../../src/records/index.ts'
import { FakeCluster } from '../../../support/fake-broker.ts'
import { FakeGroups } from '../../../support/fake-groups.ts'
import type { FakeLog } from '../../../support/fake-log.ts'
import { ManualClock } from '../../../support/manual-clock.ts'

/** One record to a batch; the value is the offset. */
export function fill(log: FakeLog, count: number): void {
  for (let i = 0; i < count; i++) {
    const builder = new BatchBuilder()
    builder.append(1000 + log.endOffset, null, Buffer.from(`${log.endOffset}`))
    log.store(builder.build())
  }
}

export const names = (partitions: readonly { topic: string; partition: number }[]) =>
  partitions.map(({ topic, partition }) => `${topic}-${partition}`).sort()

/** Notes what it is told, in order: `+t-0 t-1`, `-t-0`, `!t-0` for what is lost. */
export class Listener implements Required<RebalanceListener> {
  readonly calls: string[] = []
  during: (call: string) => void | Promise<void> = () => undefined

  onPartitionsAssigned = (partitions: Parameters<typeof names>[0]) => this.note('+', partitions)
  onPartitionsRevoked = (partitions: Parameters<typeof names>[0]) => this.note('-', partitions)
  onPartitionsLost = (partitions: Parameters<typeof names>[0]) => this.note('!', partitions)

  private async note(sign: string, partitions: Parameters<typeof names>[0]): Promise<void> {
    const call = `${sign}${names(partitions).join(' ')}`
    this.calls.push(call)
    await this.during(call)
  }
}

export interface SettingOptions {
  readonly brokers?: number
  readonly partitions?: number
  /** In each partition. */
  readonly records?: number
}

/** The topic `t`, the group `g`, and consumers that read it, on virtual time. */
export class GroupSetting {
  readonly clock = new ManualClock()
  readonly cluster: FakeCluster
  readonly groups: FakeGroups
  private readonly consumers: Consumer[] = []

  static async make(options: SettingOptions = {}): Promise<GroupSetting> {
    const clock = new ManualClock()
    const setting = new GroupSetting(clock, await FakeCluster.start(clock, options))
    setting.addTopic('t', options.partitions ?? 4, options.records ?? 10)
    return setting
  }

  private constructor(clock: ManualClock, cluster: FakeCluster) {
    this.clock = clock
    this.cluster = cluster
    this.groups = new FakeGroups(cluster)
  }

  addTopic(name: string, partitions: number, records: number): void {
    for (const log of this.cluster.addTopic(name, partitions)) fill(log, records)
  }

  consumer(config: ConsumerConfig = {}): Consumer {
    const consumer = new Consumer(this.cluster.clientOptions({ metadataMaxAgeMs: 30_000 }), {
      groupId: 'g',
      autoOffsetReset: 'earliest',
      ...config,
    })
    this.consumers.push(consumer)
    return consumer
  }

  /** Polls all of them in turn until it is so, and gives what each of them got. */
  async until(
    isDone: () => boolean | Promise<boolean>,
    consumers: readonly Consumer[] = this.consumers,
  ): Promise<ConsumerRecord[][]> {
    const records: ConsumerRecord[][] = consumers.map(() => [])
    for (let round = 0; !(await isDone()); round++) {
      if (round > 400) throw new Error('it never came to be')
      for (const [i, consumer] of consumers.entries()) records[i]?.push(...(await this.poll(consumer)))
    }
    return records
  }

  /** A member that has been given so many partitions. */
  async member(config: ConsumerConfig = {}, count = 4, listener = new Listener()) {
    const consumer = this.consumer(config)
    consumer.subscribe(['t'], { listener })
    await this.until(() => consumer.assignment().length === count, [consumer])
    return { consumer, listener }
  }

  poll(consumer: Consumer, timeoutMs = 20): Promise<ConsumerRecord[]> {
    return this.clock.run(consumer.poll(timeoutMs))
  }

  /** One end of the log has been reached by everybody. */
  isAllRead(consumers: readonly Consumer[] = this.consumers): boolean {
    const assigned = consumers.flatMap((consumer) =>
      consumer.assignment().map((at) => ({ at, position: consumer.position(at) })),
    )
    const logs = [...this.cluster.topics].flatMap(([topic, { logs }]) =>
      logs.map((log, partition) => ({ topic, partition, log })),
    )
    return logs.every(({ topic, partition, log }) =>
      assigned.some(
        ({ at, position }) => at.topic === topic && at.partition === partition && position === log.endOffset,
      ),
    )
  }

  async close(): Promise<void> {
    for (const consumer of this.consumers) await this.clock.run(consumer.close())
  }
}

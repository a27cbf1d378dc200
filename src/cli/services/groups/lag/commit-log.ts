import { Consumer, type TopicPartition } from '../../../../client/index.ts'
import {
  type CommitSample,
  CommitWindow,
  DEFAULT_WINDOW,
  type PartitionName,
  partitionName,
} from '../../../../lag/index.ts'
import type { CommandContext } from '../../../context.ts'
import type { Target } from '../../../target.ts'
import { EventReader, groupLogPartitions } from '../group-log.ts'

/** A window can be longer than anybody wants to wait for; the records before these are not looked at. */
const MAX_RECORDS_OF_PARTITION = 200_000
const POLL_MS = 100

/** The commits of a window of time, read from `__consumer_offsets`, and what is committed from then on. */
export class CommitLog {
  private readonly context: CommandContext
  private readonly target: Target
  private readonly groupIds: readonly string[] | undefined
  private readonly window: CommitWindow
  private readonly windowMs: number
  private readonly events: EventReader
  private consumer: Consumer | undefined
  private partitions: readonly TopicPartition[] = []

  constructor(
    context: CommandContext,
    target: Target,
    options: {
      readonly groupIds: readonly string[] | undefined
      readonly windowMs: number
      /** Of a partition, spread over the window; a few of the last seconds by default. */
      readonly commitsKept: number | undefined
    },
  ) {
    this.context = context
    this.target = target
    this.groupIds = options.groupIds
    this.windowMs = options.windowMs
    const { windowMs, commitsKept } = options
    const spread = commitsKept && { maxCommits: commitsKept, minDistanceMs: windowMs / commitsKept }
    this.window = new CommitWindow({ ...DEFAULT_WINDOW, windowMs, ...spread })
    this.events = new EventReader(context, options.groupIds)
  }

  /** The commits of a group's partition within the window, up to the last {@link update}. */
  commits(groupId: string, at: PartitionName, nowMs: number): readonly CommitSample[] {
    return this.window.commits(keyOf(groupId, at), nowMs)
  }

  /** Reads what has been committed since the last time. */
  async update(): Promise<void> {
    const consumer = this.consumer ?? (await this.open())
    if (this.partitions.length === 0) return
    const { signal, clock, timeoutMs } = this.context
    const ends = await consumer.offsets(this.partitions.map((at) => ({ ...at, spec: 'latest' as const })))
    const deadlineMs = clock.monotonicMs() + timeoutMs
    const isBehind = () =>
      ends.some(({ topic, partition, offset }) => (consumer.position({ topic, partition }) ?? 0) < offset)
    while (isBehind() && !signal.aborted && clock.monotonicMs() < deadlineMs) {
      for (const record of await consumer.poll(POLL_MS)) {
        const event = this.events.read(record)
        if (event?.kind === 'commit')
          this.window.add(keyOf(event.groupId, event.commit), event.commit.timestampMs, event.commit.offset)
        else if (event?.kind === 'forget') this.window.clear(keyOf(event.groupId, event.at))
      }
    }
  }

  /**
   * Looks up where the logs ended at the commits, for the partitions that somebody asks about: the first record of that
   * time or later. By the records' timestamps, so it is as good as these are.
   */
  async fillEnds(
    wanted: readonly (PartitionName & { readonly groupId: string; readonly end: number })[],
  ): Promise<void> {
    const { admin } = this.target
    const open = wanted.map((at) => ({ at, slots: [...this.window.unknownEnds(keyOf(at.groupId, at))] }))
    for (;;) {
      // One question about a partition in each request: a broker takes no more.
      const round = new Map<
        string,
        { at: (typeof wanted)[number]; slot: (typeof open)[number]['slots'][number] }
      >()
      for (const { at, slots } of open) {
        if (round.has(partitionName(at))) continue
        const slot = slots.shift()
        if (slot !== undefined) round.set(partitionName(at), { at, slot })
      }
      if (round.size === 0 || this.context.signal.aborted) return
      const asked = [...round.values()].map(({ at: { topic, partition }, slot }) => ({
        topic,
        partition,
        // What came with the commit itself was there before it, as far as one can tell.
        spec: { timestampMs: slot.timestampMs + 1 },
      }))
      for (const found of await admin.listOffsets(asked)) {
        const entry = round.get(partitionName(found))
        entry?.slot.fill(found.offset < 0 ? entry.at.end : found.offset)
      }
    }
  }

  async close(): Promise<void> {
    await this.consumer?.close()
  }

  private async open(): Promise<Consumer> {
    const { target, context } = this
    const consumer = new Consumer(target.clientOptions, {
      maxPollRecords: 5_000,
      isolationLevel: 'read_committed',
      autoOffsetReset: 'earliest',
    })
    this.consumer = consumer
    this.partitions = await groupLogPartitions(target, this.groupIds)
    const fromMs = context.clock.nowMs() - this.windowMs
    const ask = (spec: 'latest' | { timestampMs: number }) =>
      consumer.offsets(this.partitions.map((at) => ({ ...at, spec })))
    const [firsts, ends] = await Promise.all([ask({ timestampMs: fromMs }), ask('latest')])
    consumer.assign(
      this.partitions.map((at, i) => {
        const end = ends[i]?.offset ?? 0
        const first = firsts[i]?.offset ?? -1
        const from = Math.max(first < 0 ? end : first, end - MAX_RECORDS_OF_PARTITION)
        return { ...at, from }
      }),
    )
    await consumer.begin()
    return consumer
  }
}

function keyOf(groupId: string, at: PartitionName): string {
  return `${groupId}\n${partitionName(at)}`
}

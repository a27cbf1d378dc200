import type { Admin, ConfigOperation, ItemResult } from '../../../client/index.ts'
import type { CommandContext } from '../../context.ts'
import { UsageError } from '../../exit-codes.ts'

/** The settings that hold back copying (KIP-73); kafka-reassign-partitions uses the same. */
const REPLICAS = {
  leader: 'leader.replication.throttled.replicas',
  follower: 'follower.replication.throttled.replicas',
}
const LOG_DIRS_RATE = 'replica.alter.log.dirs.io.max.bytes.per.second'
const RATES = ['leader.replication.throttled.rate', 'follower.replication.throttled.rate']

const HEAR_TIMEOUT_MS = 2_000
const HEAR_POLL_MS = 20

const UNITS: Readonly<Record<string, number>> = { '': 1, K: 1024, M: 1024 ** 2, G: 1024 ** 3 }

/** `10M`, `512K`, `1000000`: bytes per second. */
export function parseRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([KMG]?)(?:i?B)?(?:\/s)?$/i.exec(text.trim())
  const rate = Math.floor(Number(match?.[1]) * (UNITS[(match?.[2] ?? '').toUpperCase()] ?? Number.NaN))
  if (!Number.isSafeInteger(rate) || rate < 1) {
    throw new UsageError(`'${text}' is no rate`, 'Give bytes per second, such as 10M or 1000000.')
  }
  return rate
}

/** What is being copied: brokers that have a partition give it, those that get it take it. */
export interface Copying {
  readonly topic: string
  readonly partition: number
  readonly from: readonly number[]
  readonly to: readonly number[]
}

/** Names the replicas in their topics, and sets the rate of all brokers that have to do with it. */
export async function setThrottle(
  context: CommandContext,
  copying: readonly Copying[],
  bytesPerSecond: number,
): Promise<void> {
  const { admin } = await context.target()
  const moved = copying.filter(({ to }) => to.length > 0)
  const topics = [...new Set(moved.map(({ topic }) => topic))]
  const brokers = [...new Set(moved.flatMap(({ from, to }) => [...from, ...to]))]
  const named = (topic: string, role: 'from' | 'to') =>
    moved
      .filter((each) => each.topic === topic)
      .flatMap((each) => each[role].map((id) => `${each.partition}:${id}`))
      .join(',')
  const set = (name: string, value: string): ConfigOperation => ({ op: 'set', name, value })
  await change(admin, [
    ...topics.map((name) => ({
      resource: { type: 'topic' as const, name },
      operations: [set(REPLICAS.leader, named(name, 'from')), set(REPLICAS.follower, named(name, 'to'))],
    })),
    ...brokers.map((id) => ({
      resource: { type: 'broker' as const, name: String(id) },
      operations: RATES.map((name) => set(name, String(bytesPerSecond))),
    })),
  ])
  await untilHeard(context, brokers, RATES, bytesPerSecond)
}

/** Sets the rate at which these brokers copy between their log directories. */
export async function setLogDirsThrottle(
  context: CommandContext,
  moves: readonly { readonly broker: number }[],
  bytesPerSecond: number,
): Promise<void> {
  const { admin } = await context.target()
  const operations: ConfigOperation[] = [{ op: 'set', name: LOG_DIRS_RATE, value: String(bytesPerSecond) }]
  const brokers = [...new Set(moves.map(({ broker }) => broker))]
  if (brokers.length === 0) return
  await change(
    admin,
    brokers.map((id) => ({ resource: { type: 'broker' as const, name: String(id) }, operations })),
  )
  await untilHeard(context, brokers, [LOG_DIRS_RATE], bytesPerSecond)
}

/**
 * Brokers hear of their settings a little later, and a copy that begins before that is not held back. Goes on after two
 * seconds in any case: a broker that is down cannot hear.
 */
async function untilHeard(
  context: CommandContext,
  brokers: readonly number[],
  names: readonly string[],
  bytesPerSecond: number,
): Promise<void> {
  const { clock } = context
  const { admin } = await context.target()
  const resources = brokers.map((id) => ({ type: 'broker' as const, name: String(id) }))
  const deadlineMs = clock.monotonicMs() + HEAR_TIMEOUT_MS
  while (clock.monotonicMs() < deadlineMs) {
    const described = await admin.describeConfigs(resources, { names }).catch(() => [])
    const hasHeard = described.every(({ error, entries }) =>
      names.every(
        (name) =>
          error !== null ||
          entries.some((each) => each.name === name && each.value === String(bytesPerSecond)),
      ),
    )
    if (hasHeard) return
    await new Promise<void>((resolve) => clock.setTimer(HEAR_POLL_MS, resolve))
  }
}

/** Takes the settings away where there are some; tells how many there were. */
export async function clearThrottle(admin: Admin, topics: readonly string[]): Promise<number> {
  const { brokers } = await admin.describeCluster()
  const resources = [
    ...topics.map((name) => ({ type: 'topic' as const, name })),
    ...brokers.map(({ id }) => ({ type: 'broker' as const, name: String(id) })),
  ]
  const names = [...Object.values(REPLICAS), ...RATES, LOG_DIRS_RATE]
  const described = await admin.describeConfigs(resources)
  const changes = described.flatMap(({ resource, entries }) => {
    const isOwn = resource.type === 'topic' ? 'DYNAMIC_TOPIC_CONFIG' : 'DYNAMIC_BROKER_CONFIG'
    const found = entries.filter(({ name, source }) => names.includes(name) && source === isOwn)
    if (found.length === 0) return []
    return { resource, operations: found.map(({ name }): ConfigOperation => ({ op: 'delete', name })) }
  })
  if (changes.length > 0) await change(admin, changes)
  return changes.length
}

async function change(admin: Admin, changes: Parameters<Admin['incrementalAlterConfigs']>[0]): Promise<void> {
  const results: ItemResult[] = await admin.incrementalAlterConfigs(changes)
  for (const { error } of results) if (error !== null) throw error
}

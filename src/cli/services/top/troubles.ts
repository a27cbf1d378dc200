import { plural } from '../../output/text.ts'
import type { BrokerLook, Look, PartitionLook } from './look.ts'

export const TROUBLES = ['offline', 'silent leader', 'under-replicated'] as const

/** A partition that is not well, and why. */
export interface Trouble {
  readonly topic: string
  readonly partition: number
  readonly kind: (typeof TROUBLES)[number]
  readonly leader: number
  readonly isr: readonly number[]
  readonly replicas: readonly number[]
  readonly reason: string
}

/** The worst first. */
export function troublesOf({ brokers, partitions }: Look): Trouble[] {
  const byId = new Map(brokers.map((broker) => [broker.id, broker]))
  const found = partitions.flatMap((look): Trouble[] => {
    const { topic, partition, leader, isr } = look
    const replicas = look.replicas.map(({ broker }) => broker)
    const facts = { topic, partition, leader, isr, replicas }
    if (leader < 0) return [{ ...facts, kind: 'offline', reason: offlineReason(look, byId) }]
    if (byId.get(leader)?.state !== 'up')
      return [
        { ...facts, kind: 'silent leader', reason: `broker ${leader}, which leads it, does not answer` },
      ]
    if (isr.length >= replicas.length) return []
    return [{ ...facts, kind: 'under-replicated', reason: lateReason(look, byId) }]
  })
  return found.sort((a, b) => TROUBLES.indexOf(a.kind) - TROUBLES.indexOf(b.kind))
}

type Brokers = ReadonlyMap<number, BrokerLook>

/** Only an in-sync replica may lead, unless unclean elections are allowed. */
function offlineReason({ isr, replicas, offlineReplicas }: PartitionLook, brokers: Brokers): string {
  const isDown = (id: number) => brokers.get(id)?.state === 'gone' || offlineReplicas.includes(id)
  const down = isr.filter(isDown)
  if (down.length === 0 || down.length < isr.length) return 'no leader has been elected yet'
  const late = replicas.map(({ broker }) => broker).filter((id) => !isr.includes(id) && !isDown(id))
  const last = `no leader: ${named(down)}, in sync at last, ${down.length === 1 ? 'is' : 'are'} down`
  if (late.length === 0) return last
  return `${last}; ${named(late)} ${late.length === 1 ? 'is' : 'are'} up and would lose records`
}

function lateReason({ isr, replicas, offlineReplicas }: PartitionLook, brokers: Brokers): string {
  const late = replicas.filter(({ broker }) => !isr.includes(broker))
  return late
    .map(({ broker, lag }) => {
      const look = brokers.get(broker)
      if (look === undefined || look.state === 'gone') return `broker ${broker} is down`
      if (look.state === 'silent') return `broker ${broker} does not answer`
      if (offlineReplicas.includes(broker)) return `broker ${broker} cannot use the log directory of its copy`
      return lag !== null && lag > 0
        ? `broker ${broker} is ${plural(lag, 'record')} behind`
        : `broker ${broker} is not in sync yet`
    })
    .join('; ')
}

function named(ids: readonly number[]): string {
  return `${ids.length === 1 ? 'broker' : 'brokers'} ${ids.join(', ')}`
}

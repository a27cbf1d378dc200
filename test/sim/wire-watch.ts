import { type Api, decodeRequestHeader, FrameDecoder, peekRequest, Reader } from '../../src/protocol/index.ts'
import { leaderAndIsr } from '../../src/protocol/messages/04-leader-and-isr.ts'
import { stopReplica } from '../../src/protocol/messages/05-stop-replica.ts'
import { updateMetadata } from '../../src/protocol/messages/06-update-metadata.ts'
import { controlledShutdown } from '../../src/protocol/messages/07-controlled-shutdown.ts'
import { alterPartition } from '../../src/protocol/messages/56-alter-partition.ts'
import { BROKER_PORT } from './machines.ts'
import type { Tap } from './network.ts'
import type { SimProcess } from './process.ts'

const CONTROL_APIS = [leaderAndIsr, stopReplica, updateMetadata] as const
const TOLD_APIS: readonly Api[] = [...CONTROL_APIS, alterPartition, controlledShutdown] as never

/**
 * Reads along what controllers tell brokers, whoever may get to hear it: an epoch belongs to one controller, and in an
 * epoch of a partition there is one leader.
 */
export class WireWatch {
  private readonly controllers = new Map<number, string>()
  private readonly leaders = new Map<string, number>()
  private readonly violation: (what: string) => void
  private readonly trace: ((who: string, what: string) => void) | undefined

  constructor(violation: (what: string) => void, trace: ((who: string, what: string) => void) | undefined) {
    this.violation = violation
    this.trace = trace
  }

  readonly tap: Tap = (from, address) => {
    if (!from.host.startsWith('b') || !address.endsWith(`:${BROKER_PORT}`)) return undefined
    const frames = new FrameDecoder(16 * 1024 * 1024)
    return (bytes) => {
      frames.push(Buffer.from(bytes))
      for (let frame = frames.next(); frame !== null; frame = frames.next()) this.look(from, address, frame)
    }
  }

  private look(from: SimProcess, address: string, frame: Buffer): void {
    const { apiKey, apiVersion } = peekRequest(frame)
    if (this.trace !== undefined) this.tell(from, address, frame)
    const api = CONTROL_APIS.find(({ key }) => key === apiKey)
    if (api === undefined) return
    const reader = new Reader(frame)
    decodeRequestHeader(reader, api as never, apiVersion)
    const { controllerEpoch } = api.request.decode(reader, apiVersion) as { controllerEpoch: number }
    const known = this.controllers.get(controllerEpoch)
    if (known === undefined) this.controllers.set(controllerEpoch, from.name)
    else if (known !== from.name)
      this.violation(`controller epoch ${controllerEpoch} is used by ${known} and by ${from.name}`)
    if (api === leaderAndIsr) this.lookAtLeaders(frame, apiVersion)
  }

  private tell(from: SimProcess, address: string, frame: Buffer): void {
    const { apiKey, apiVersion } = peekRequest(frame)
    const api = TOLD_APIS.find(({ key }) => key === apiKey)
    if (api === undefined) return
    const reader = new Reader(frame)
    decodeRequestHeader(reader, api, apiVersion)
    const body = JSON.stringify(api.request.decode(reader, apiVersion))
    this.trace?.(from.name, `to ${address}: ${api.name} ${body}`)
  }

  private lookAtLeaders(frame: Buffer, version: number): void {
    const reader = new Reader(frame)
    decodeRequestHeader(reader, leaderAndIsr as never, version)
    for (const { topicId, topicName, partitionStates } of leaderAndIsr.request.decode(reader, version)
      .topicStates) {
      for (const { partitionIndex, leaderEpoch, leader } of partitionStates) {
        const key = `${topicName} ${topicId}-${partitionIndex} epoch ${leaderEpoch}`
        const known = this.leaders.get(key)
        if (known === undefined) this.leaders.set(key, leader)
        else if (known !== leader) this.violation(`${key} has two leaders: ${known} and ${leader}`)
      }
    }
  }
}

import { KcliError, messageOf } from '../../base/errors.ts'
import type { Channel, Listener, Network } from '../../base/network.ts'
import { makePrivateSocketSync } from '../../base/private-directory.ts'
import { SerialQueue } from '../../base/serial-queue.ts'
import type { DataDirectory } from '../data-directory.ts'
import type { ClusterFaults } from '../faults/cluster-faults.ts'
import { readLines, writeLine } from './lines.ts'
import {
  CONTROL_VERSION,
  type ControlAnswer,
  type ControlReply,
  type ControlRequest,
  parseRequest,
} from './protocol.ts'

/** Where a process that serves a data directory is told what to do with its brokers, by the same user only. */
export class ControlServer {
  private readonly faults: ClusterFaults
  private readonly channels = new Set<Channel>()
  private listener: Listener | undefined

  static async open(
    network: Network,
    directory: DataDirectory,
    faults: ClusterFaults,
  ): Promise<ControlServer> {
    const server = new ControlServer(faults)
    const path = directory.clearedSocket('control')
    server.listener = await network.listen({ kind: 'unix', path }, (channel) => server.accept(channel))
    makePrivateSocketSync(path)
    return server
  }

  private constructor(faults: ClusterFaults) {
    this.faults = faults
  }

  async close(): Promise<void> {
    await this.listener?.close()
    for (const channel of this.channels) channel.destroy()
  }

  private accept(channel: Channel): void {
    const requests = new SerialQueue()
    this.channels.add(channel)
    const onLine = (line: string) => {
      void requests.run(async () => {
        const reply = await this.reply(line)
        writeLine(channel, { version: CONTROL_VERSION, ...reply })
      })
    }
    readLines(channel, onLine, () => this.channels.delete(channel))
  }

  private async reply(line: string): Promise<ControlReply> {
    try {
      return { ok: await this.carryOut(parseRequest(line)) }
    } catch (error) {
      if (!(error instanceof KcliError)) return { error: { code: 'KCLI_CONTROL', message: messageOf(error) } }
      const { code, message, hint } = error
      return { error: { code, message, ...(hint !== undefined && { hint }) } }
    }
  }

  private async carryOut(request: ControlRequest): Promise<ControlAnswer> {
    const { faults } = this
    const change = () => {
      switch (request.do) {
        case 'state':
          return []
        case 'kill':
          return faults.kill(request.brokers, request)
        case 'pause':
          return faults.pause(request.brokers, request)
        case 'revive':
          return faults.revive(request.brokers)
        case 'resume':
          return faults.resume(request.brokers)
        case 'heal':
          return faults.heal(request.brokers)
        case 'partition':
          return faults.partition(request.brokers, request)
      }
    }
    const brokers = await change()
    return { brokers, states: faults.states, isZooKeeperElsewhere: faults.isZooKeeperElsewhere }
  }
}

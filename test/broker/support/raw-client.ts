import type { Address, Channel, Network } from '../../../src/base/network.ts'

/** A client that sends bytes as they are, and keeps what comes back. */
export class RawClient {
  private readonly channel: Channel
  private received: Buffer = Buffer.alloc(0)
  private waiting: (() => void)[] = []
  closed = false

  static async connect(network: Network, address: Address): Promise<RawClient> {
    return new RawClient(await network.connect(address, { timeoutMs: 5000 }))
  }

  private constructor(channel: Channel) {
    this.channel = channel
    channel.start({
      data: (chunk) => {
        this.received = Buffer.concat([this.received, chunk])
        this.wake()
      },
      close: () => {
        this.closed = true
        this.wake()
      },
    })
  }

  send(...bytes: Uint8Array[]): void {
    this.channel.write(bytes)
  }

  pause(): void {
    this.channel.pause()
  }

  resume(): void {
    this.channel.resume()
  }

  destroy(): void {
    this.channel.destroy()
  }

  /** The next frame, without its size; null when the connection ended first. */
  async frame(): Promise<Buffer | null> {
    for (;;) {
      if (this.received.length >= 4) {
        const size = this.received.readInt32BE(0)
        if (this.received.length >= 4 + size) {
          const frame = this.received.subarray(4, 4 + size)
          this.received = this.received.subarray(4 + size)
          return frame
        }
      }
      if (this.closed) return null
      await this.change()
    }
  }

  async whenClosed(): Promise<void> {
    while (!this.closed) await this.change()
  }

  private change(): Promise<void> {
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  private wake(): void {
    for (const wake of this.waiting.splice(0)) wake()
  }
}

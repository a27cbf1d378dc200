import type { Channel, Network, Part } from '../../../src/base/network.ts'
import { turn } from '../controller/support.ts'

/** Before a frame arrives, or after it was processed, so that only the answer is lost. */
export type Moment = 'before' | 'after'

/** Cuts connections at frames that clients send; they are counted over all connections, from 1. */
export function cutting(network: Network, choose: (frame: number) => Moment | undefined) {
  const counter = { frames: 0 }
  const connect: Network['connect'] = async (address, options) => {
    const channel = await network.connect(address, options)
    let isCut = false
    const cut = (moment: Moment) => {
      isCut = true
      if (moment === 'before') channel.destroy(new Error('cut'))
      else void turn().then(() => channel.destroy(new Error('cut')))
    }
    const write = (parts: readonly Part[]) => {
      for (const part of parts) {
        if (isCut) return
        const moment = choose(++counter.frames)
        if (moment !== 'before') channel.write([part])
        if (moment !== undefined) cut(moment)
      }
    }
    const wrapped: Channel = {
      ...bound(channel),
      write,
      start: (handlers) =>
        channel.start({
          ...handlers,
          data: (chunk) => {
            if (!isCut) handlers.data(chunk)
          },
        }),
    }
    return wrapped
  }
  return { counter, network: { ...network, connect } }
}

function bound(channel: Channel): Channel {
  return {
    peer: channel.peer,
    get bufferedBytes() {
      return channel.bufferedBytes
    },
    start: (handlers) => channel.start(handlers),
    write: (parts) => channel.write(parts),
    pause: () => channel.pause(),
    resume: () => channel.resume(),
    end: () => channel.end(),
    destroy: (error) => channel.destroy(error),
  }
}

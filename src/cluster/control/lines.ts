import type { Channel } from '../../base/network.ts'
import { MAX_LINE_BYTES } from './protocol.ts'

const NEWLINE = 10

/** Cuts what comes over a channel into lines. A line that does not end is no line: the channel is closed. */
export function readLines(channel: Channel, onLine: (line: string) => void, onClose: () => void): void {
  let rest = Buffer.alloc(0)
  channel.start({
    data: (chunk) => {
      rest = Buffer.concat([rest, chunk])
      for (let at = rest.indexOf(NEWLINE); at >= 0; at = rest.indexOf(NEWLINE)) {
        const line = rest.toString('utf8', 0, at)
        rest = rest.subarray(at + 1)
        onLine(line)
      }
      if (rest.length > MAX_LINE_BYTES) channel.destroy()
    },
    close: onClose,
  })
}

export function writeLine(channel: Channel, value: unknown): void {
  channel.write([Buffer.from(`${JSON.stringify(value)}\n`)])
}

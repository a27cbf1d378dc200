import type { FileRange } from './file-system.ts'

/** The network port: the same frames travel over an in-process pipe, a Unix socket, TCP and (later) TLS. */
export interface Network {
  /** Rejects with the system's error (`ECONNREFUSED`, `ENOENT`, `ETIMEDOUT`, …). */
  connect(address: Address, options: ConnectOptions): Promise<Channel>
  /** Rejects with `EADDRINUSE`, `EACCES`, … A TCP port of 0 picks a free one: read it from the listener's address. */
  listen(address: Address, accept: (channel: Channel) => void): Promise<Listener>
}

export interface ConnectOptions {
  readonly timeoutMs: number
  /** SO_SNDBUF and SO_RCVBUF; -1 or none: what the system chooses. Only sockets have them. */
  readonly sendBufferBytes?: number
  readonly receiveBufferBytes?: number
}

export type Address =
  | { readonly kind: 'tcp'; readonly host: string; readonly port: number }
  | { readonly kind: 'unix'; readonly path: string }
  /** `label` is what messages call it, when the name would tell a user nothing. */
  | { readonly kind: 'pipe'; readonly name: string; readonly label?: string }

export interface Listener {
  readonly address: Address
  /** Stops accepting; open channels stay. */
  close(): Promise<void>
}

/** What is sent: bytes, or a stretch of a file that goes from page cache to socket without passing through our code. */
export type Part = Uint8Array | FileRange

export function isFileRange(part: Part): part is FileRange {
  return !(part instanceof Uint8Array)
}

export interface ChannelHandlers {
  data(chunk: Buffer): void
  /** Everything that was written has been taken by the kernel or the peer. */
  drain?(): void
  /** Called exactly once, whoever closed. `error` is null after an orderly end. */
  close(error: Error | null): void
}

/** One connection, either side. Nothing is delivered before `start`. */
export interface Channel {
  /** `127.0.0.1:53211`, `unix`, `pipe`: for logs and for the client host that Kafka shows. */
  readonly peer: string
  /** Bytes that were given to `write` and not yet taken. */
  readonly bufferedBytes: number
  start(handlers: ChannelHandlers): void
  /** Sends the parts in order. The bytes must not change afterwards. File ranges are released when sent or given up. */
  write(parts: readonly Part[]): void
  pause(): void
  resume(): void
  /** Sends what is buffered, then closes. */
  end(): void
  destroy(error?: Error): void
}

export function formatAddress(address: Address): string {
  switch (address.kind) {
    case 'tcp':
      return address.host.includes(':')
        ? `[${address.host}]:${address.port}`
        : `${address.host}:${address.port}`
    case 'unix':
      return `unix:${address.path}`
    case 'pipe':
      return address.label ?? `pipe:${address.name}`
  }
}

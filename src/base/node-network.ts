import net from 'node:net'
import type { Clock } from './clock.ts'
import type { FileRange } from './file-system.ts'
import type { Address, Channel, ChannelHandlers, ConnectOptions, Listener, Network, Part } from './network.ts'
import { PartQueue } from './part-queue.ts'
import { PipeRegistry, systemError } from './pipe.ts'
import { sendFile } from './send-file.ts'
import { setSocketBuffers } from './socket-buffers.ts'

/** The real network: TCP and Unix sockets, and pipes between those who share this object. */
export function createNodeNetwork(clock: Clock): Network {
  const pipes = new PipeRegistry(clock)
  return {
    connect: (address, options) =>
      address.kind === 'pipe' ? pipes.connect(address.name) : connectSocket(clock, address, options),
    listen: (address, accept) =>
      address.kind === 'pipe' ? pipes.listen(address, accept) : listenSocket(clock, address, accept),
  }
}

type SocketAddress = Exclude<Address, { kind: 'pipe' }>

/** How long one of several addresses of a host is tried before the next one; the last may take all the time there is. */
const NEXT_ADDRESS_MS = 1000

function connectSocket(clock: Clock, address: SocketAddress, options: ConnectOptions): Promise<Channel> {
  const { timeoutMs } = options
  return new Promise((resolve, reject) => {
    const { kind: _, ...place } = address
    const socket = net.connect({
      ...place,
      autoSelectFamily: true,
      autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS,
    } as net.NetConnectOpts)
    const timer = clock.setTimer(timeoutMs, () => {
      socket.destroy()
      reject(systemError('ETIMEDOUT', `no answer within ${timeoutMs} ms`))
    })
    socket.once('error', (error) => {
      timer.cancel()
      reject(error)
    })
    socket.once('connect', () => {
      timer.cancel()
      socket.removeAllListeners('error')
      setSocketBuffers(descriptorOf(socket), options)
      resolve(new SocketChannel(clock, socket))
    })
  })
}

function listenSocket(
  clock: Clock,
  address: SocketAddress,
  accept: (channel: Channel) => void,
): Promise<Listener> {
  const server = net.createServer((socket) => accept(new SocketChannel(clock, socket)))
  const options = address.kind === 'tcp' ? { host: address.host, port: address.port } : { path: address.path }
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(options, () => {
      server.removeAllListeners('error')
      const bound = server.address()
      const actual =
        address.kind === 'tcp' && bound !== null && typeof bound === 'object'
          ? { ...address, port: bound.port }
          : address
      resolve({ address: actual, close: () => closeServer(server) })
    })
  })
}

/** Resolves as soon as nothing new is accepted; open connections go on. */
function closeServer(server: net.Server): Promise<void> {
  server.close()
  return Promise.resolve()
}

/** Below this a read and a write cost no more than setting up a sendfile. */
const MIN_SENDFILE_BYTES = 64 * 1024
/** Sent in one turn of the loop; the others get theirs in between. */
const SENDFILE_TURN_BYTES = 1024 * 1024
/** Written the ordinary way when the socket is full: the socket tells when it has taken them. */
const FULL_SOCKET_BYTES = 64 * 1024
const EMPTY = Buffer.alloc(0)

/** More than this not yet taken by the kernel, and file ranges are no longer read ahead. */
const HIGH_WATER_BYTES = 512 * 1024

class SocketChannel implements Channel {
  readonly peer: string
  private readonly clock: Clock
  private readonly socket: net.Socket
  private readonly output: PartQueue
  private handlers: ChannelHandlers | undefined
  private ending = false
  private closed = false
  private error: Error | null = null
  private waiting: (() => void)[] = []

  constructor(clock: Clock, socket: net.Socket) {
    this.clock = clock
    this.socket = socket
    this.peer = socket.remoteAddress === undefined ? 'unix' : `${socket.remoteAddress}:${socket.remotePort}`
    socket.setNoDelay(true)
    this.output = new PartQueue({
      emit: (chunks) => this.emit(chunks),
      sendFile: (range) => this.sendFile(range),
      ready: () => this.ready(),
      failed: (error) => this.destroy(error),
      empty: () => this.emptied(),
    })
    socket.on('error', (error) => {
      this.error ??= error
    })
    socket.on('drain', () => this.drained())
    socket.on('close', () => {
      this.closed = true
      this.output.destroy()
      this.wakeWriters()
      this.handlers?.close(this.error)
    })
  }

  get bufferedBytes(): number {
    return this.output.bytes + this.socket.writableLength
  }

  start(handlers: ChannelHandlers): void {
    this.handlers = handlers
    if (this.closed) {
      handlers.close(this.error)
      return
    }
    this.socket.on('data', (chunk: Buffer) => handlers.data(chunk))
  }

  write(parts: readonly Part[]): void {
    this.output.push(parts)
  }

  private emit(chunks: readonly Uint8Array[]): void {
    if (this.closed) return
    if (chunks.length === 1) {
      this.socket.write(chunks[0] as Uint8Array)
      return
    }
    // One writev for the whole response.
    this.socket.cork()
    for (const chunk of chunks) this.socket.write(chunk)
    this.socket.uncork()
  }

  /**
   * What was written before must be with the kernel, or it would be overtaken. The descriptor is asked for each time: it
   * is -1 as soon as the socket is closed, and its number may then belong to another.
   */
  private async sendFile(range: FileRange): Promise<number> {
    const send = range.length < MIN_SENDFILE_BYTES || range.file.fd < 0 ? undefined : sendFile()
    if (send === undefined) return 0
    let done = 0
    while (done < range.length) {
      while (this.socket.writableLength > 0 && !this.closed) await this.flushed()
      const socketFd = descriptorOf(this.socket)
      if (this.closed || socketFd < 0) break
      const length = Math.min(range.length - done, SENDFILE_TURN_BYTES)
      const sent = send(socketFd, range.file.fd, range.position + done, length)
      done += sent
      if (sent === 0) done += await this.writePiece(range, done)
      else if (done < range.length) await new Promise<void>((resolve) => this.clock.defer(resolve))
    }
    return done
  }

  private async writePiece(range: FileRange, done: number): Promise<number> {
    const piece = Buffer.allocUnsafe(Math.min(FULL_SOCKET_BYTES, range.length - done))
    const count = await range.file.read(piece, 0, piece.length, range.position + done)
    if (count === 0) throw new Error(`${range.file.path} ends before byte ${range.position + range.length}`)
    if (!this.closed) this.socket.write(piece.subarray(0, count))
    return count
  }

  /** Resolves when the kernel has taken everything that was written, or the socket is closed. */
  private flushed(): Promise<void> {
    return new Promise((resolve) => {
      this.waiting.push(resolve)
      this.socket.write(EMPTY, () => this.wakeWriters())
    })
  }

  private ready(): Promise<void> | undefined {
    if (this.closed || this.socket.writableLength < HIGH_WATER_BYTES) return undefined
    return new Promise((resolve) => this.waiting.push(resolve))
  }

  private drained(): void {
    this.wakeWriters()
    if (this.output.bytes === 0) this.handlers?.drain?.()
  }

  private emptied(): void {
    if (this.ending) this.socket.end()
    if (this.socket.writableLength === 0) this.handlers?.drain?.()
  }

  private wakeWriters(): void {
    const waiting = this.waiting
    this.waiting = []
    for (const wake of waiting) wake()
  }

  pause(): void {
    this.socket.pause()
  }

  resume(): void {
    this.socket.resume()
  }

  end(): void {
    this.ending = true
    if (this.output.bytes === 0) this.socket.end()
  }

  destroy(error?: Error): void {
    if (error !== undefined) this.error ??= error
    this.output.destroy()
    this.socket.destroy()
  }
}

/** Node has no public way to it; where it is missing, files are read and written. */
function descriptorOf(socket: net.Socket): number {
  const { _handle: handle } = socket as unknown as { _handle?: { fd?: number } | null }
  return handle?.fd ?? -1
}

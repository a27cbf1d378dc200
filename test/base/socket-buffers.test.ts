import net from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { nativeFunction } from '../../src/base/native-function.ts'
import { setSocketBuffers } from '../../src/base/socket-buffers.ts'

type GetSocketOption = (
  fd: number,
  level: number,
  name: number,
  value: Int32Array,
  size: Uint32Array,
) => number

const native =
  process.platform === 'linux'
    ? nativeFunction<GetSocketOption>(
        'int getsockopt(int fd, int level, int name, _Out_ int32_t *value, _Inout_ uint32_t *size)',
      )
    : undefined

describe.skipIf(native === undefined)('socket buffers', () => {
  const SOL_SOCKET = 1
  const SO_SNDBUF = 7
  const SO_RCVBUF = 8

  async function openSocket(): Promise<number> {
    const server = net.createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => server.once('listening', resolve))
    const { port } = server.address() as net.AddressInfo
    const socket = net.connect(port, '127.0.0.1')
    await new Promise((resolve) => socket.once('connect', resolve))
    onTestFinished(() => {
      socket.destroy()
      server.close()
    })
    return (socket as unknown as { _handle: { fd: number } })._handle.fd
  }

  const sizeOf = (fd: number, name: number) => {
    const value = new Int32Array(1)
    native?.call(fd, SOL_SOCKET, name, value, Uint32Array.of(4))
    return value[0]
  }

  it('are set where a size is given; the system takes twice of it for its own use', async () => {
    const fd = await openSocket()
    const before = sizeOf(fd, SO_SNDBUF)
    setSocketBuffers(fd, { timeoutMs: 0, receiveBufferBytes: 10_000 })
    expect([sizeOf(fd, SO_SNDBUF), sizeOf(fd, SO_RCVBUF)]).toEqual([before, 20_000])
    setSocketBuffers(fd, { timeoutMs: 0, sendBufferBytes: 20_000, receiveBufferBytes: -1 })
    expect([sizeOf(fd, SO_SNDBUF), sizeOf(fd, SO_RCVBUF)]).toEqual([40_000, 20_000])
  })
})

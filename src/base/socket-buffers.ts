import { lazy } from './load-native.ts'
import { nativeFunction } from './native-function.ts'
import type { ConnectOptions } from './network.ts'

type SetSocketOption = (fd: number, level: number, name: number, value: Int32Array, length: number) => number

const DECLARATION = 'int setsockopt(int fd, int level, int name, int32_t *value, uint32_t length)'

interface Names {
  readonly SOL_SOCKET: number
  readonly SO_SNDBUF: number
  readonly SO_RCVBUF: number
}

const LINUX: Names = { SOL_SOCKET: 1, SO_SNDBUF: 7, SO_RCVBUF: 8 }
const BSD: Names = { SOL_SOCKET: 0xffff, SO_SNDBUF: 0x1001, SO_RCVBUF: 0x1002 }
const NAMES: Readonly<Record<string, Names>> = { linux: LINUX, darwin: BSD, freebsd: BSD }

const setSocketOption = lazy(() => nativeFunction<SetSocketOption>(DECLARATION))

/**
 * Sets the sizes of a socket's buffers, which Node cannot. A hint, as in Java: where there is no koffi, or the system
 * wants it otherwise, the system's sizes stay.
 */
export function setSocketBuffers(fd: number, options: ConnectOptions): void {
  const { sendBufferBytes = -1, receiveBufferBytes = -1 } = options
  const names = NAMES[process.platform]
  if (fd < 0 || names === undefined || (sendBufferBytes < 0 && receiveBufferBytes < 0)) return
  const native = setSocketOption()
  if (native === undefined) return
  const set = (name: number, sizeBytes: number) => {
    if (sizeBytes >= 0) native.call(fd, names.SOL_SOCKET, name, Int32Array.of(sizeBytes), 4)
  }
  set(names.SO_SNDBUF, sendBufferBytes)
  set(names.SO_RCVBUF, receiveBufferBytes)
}

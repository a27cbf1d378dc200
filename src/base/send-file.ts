import os from 'node:os'
import { lazy } from './load-native.ts'
import { nativeFunction, systemCallError } from './native-function.ts'

/**
 * sendfile(2): bytes go from the page cache to the socket without passing through our memory, which is half the work of
 * reading and writing them. Linux on 64 bits only, and only with koffi; elsewhere file ranges are read and written.
 *
 * Sends up to `length` bytes of a file at `position` and gives how many the socket took; 0 when it is full. Copies while
 * the loop waits, as a write to a socket does, so `length` should be moderate. Throws the system's errors.
 */
export type SendFile = (socketFd: number, fileFd: number, position: number, length: number) => number

type NativeSendFile = (out: number, input: number, offset: BigInt64Array, count: number) => number

const DECLARATION = 'long sendfile(int out, int in, _Inout_ int64_t *offset, size_t count)'

/** Undefined where there is none. Loaded when it is first asked for. */
export const sendFile: () => SendFile | undefined = lazy(() => {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) return undefined
  const native = nativeFunction<NativeSendFile>(DECLARATION)
  if (native === undefined) return undefined
  const { EAGAIN, EINTR } = os.constants.errno
  const offset = new BigInt64Array(1)
  return (socketFd, fileFd, position, length) => {
    offset[0] = BigInt(position)
    const sent = native.call(socketFd, fileFd, offset, length)
    if (sent >= 0) return sent
    const errno = native.errno()
    if (errno === EAGAIN || errno === EINTR) return 0
    throw systemCallError(errno, 'sendfile')
  }
})

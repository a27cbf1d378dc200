import { lazy, loadOptional } from './load-native.ts'

/**
 * sendfile(2): bytes go from the page cache to the socket without passing through our memory, which is half the work of
 * reading and writing them. Linux on 64 bits only, and only with koffi; elsewhere file ranges are read and written.
 *
 * Sends up to `length` bytes of a file at `position` and gives how many the socket took; 0 when it is full. Copies while
 * the loop waits, as a write to a socket does, so `length` should be moderate. Throws the system's errors.
 */
export type SendFile = (socketFd: number, fileFd: number, position: number, length: number) => number

type NativeSendFile = (out: number, input: number, offset: BigInt64Array, count: number) => number

interface Koffi {
  load(path: string | null): { func(declaration: string): NativeSendFile }
  errno(): number
  readonly os: { readonly errno: Readonly<Record<string, number>> }
}

/** Undefined where there is none. Loaded when it is first asked for. */
export const sendFile: () => SendFile | undefined = lazy(() => {
  if (process.platform !== 'linux' || !['x64', 'arm64'].includes(process.arch)) return undefined
  const koffi = loadOptional<Koffi>('koffi')
  if (koffi === undefined) return undefined
  return bind(koffi)
})

function bind(koffi: Koffi): SendFile | undefined {
  let native: NativeSendFile
  try {
    native = koffi.load(null).func('long sendfile(int out, int in, _Inout_ int64_t *offset, size_t count)')
  } catch {
    // A C library without it: reading and writing does the same.
    return undefined
  }
  const { EAGAIN, EINTR } = koffi.os.errno
  const offset = new BigInt64Array(1)
  return (socketFd, fileFd, position, length) => {
    offset[0] = BigInt(position)
    const sent = native(socketFd, fileFd, offset, length)
    if (sent >= 0) return sent
    const errno = koffi.errno()
    if (errno === EAGAIN || errno === EINTR) return 0
    const code = Object.entries(koffi.os.errno).find(([, value]) => value === errno)?.[0] ?? `errno ${errno}`
    throw Object.assign(new Error(`${code}: sendfile`), { code })
  }
}

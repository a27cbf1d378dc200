import { getSystemErrorName } from 'node:util'
import { loadOptional } from './load-native.ts'

/** A function of the C library. Call `errno` before anything else when it has failed. */
export interface NativeFunction<F> {
  readonly call: F
  errno(): number
}

interface Koffi<F> {
  load(path: string | null): { func(declaration: string): F }
  errno(): number
}

/** Undefined without koffi, or when this C library has no such function. The declaration is in C, as koffi reads it. */
export function nativeFunction<F>(declaration: string): NativeFunction<F> | undefined {
  const koffi = loadOptional<Koffi<F>>('koffi')
  if (koffi === undefined) return undefined
  try {
    const call = koffi.load(null).func(declaration)
    return { call, errno: () => koffi.errno() }
  } catch {
    return undefined
  }
}

/** A failed call as Node's own calls report it: with the name of the error as `code` and before the message. */
export function systemCallError(errno: number, message: string): Error {
  const code = getSystemErrorName(-errno)
  return Object.assign(new Error(`${code}: ${message}`), { code })
}

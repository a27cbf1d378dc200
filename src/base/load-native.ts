import { createRequire } from 'node:module'
import { dirname } from 'node:path'

/** Computes once, on first use. For tables and packages that most runs never need. */
export function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined
  return () => {
    made ??= { value: make() }
    return made.value
  }
}

const requireHere = lazy(() => createRequire(import.meta.url))

/**
 * An optional package, or undefined when it is not installed or does not load here (no binary for this platform, a
 * binary for another Node). Synchronous, and never called at import time: start-up pays only for what is used.
 */
export function loadOptional<T>(name: string): T | undefined {
  try {
    return requireHere()(name) as T
  } catch {
    return undefined
  }
}

/**
 * The native addon of an optional package that is itself an ES module, which `require` does not load on every Node:
 * asks the package's own `node-gyp-build` for the binary that fits here. Undefined as in {@link loadOptional}.
 */
export function loadOptionalAddon<T>(name: string): T | undefined {
  try {
    const manifest = requireHere().resolve(`${name}/package.json`)
    return createRequire(manifest)('node-gyp-build')(dirname(manifest)) as T
  } catch {
    return undefined
  }
}

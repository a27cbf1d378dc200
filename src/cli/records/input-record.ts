/** One record as it was read from the input, before it has a topic. */
export interface InputRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly InputHeader[]
  readonly partition?: number
  /** -1: the record has none, as those of the oldest format; undefined: nothing is said about it. */
  readonly timestampMs?: number
}

export interface InputHeader {
  readonly key: string
  /** When the key is not UTF-8. */
  readonly keyBytes?: Uint8Array
  readonly value: Uint8Array | null
}

export const NO_HEADERS: readonly InputHeader[] = []

/**
 * Turns chunks of bytes into records. A parser keeps what is left of an unfinished record until the next chunk; the bytes
 * it gives out may be views of the chunk, so a chunk must not be reused.
 */
export interface InputParser {
  push(chunk: Buffer, emit: (record: InputRecord) => void): void
  /** The input is over: emits the last record or throws an {@link InputError} when it is cut off. */
  end(emit: (record: InputRecord) => void): void
}

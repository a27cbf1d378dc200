/** One record as it was read from the input, before it has a topic. */
export interface InputRecord {
  readonly key: Uint8Array | null
  readonly value: Uint8Array | null
  readonly headers: readonly InputHeader[]
  readonly partition?: number
  readonly timestampMs?: number
}

export interface InputHeader {
  readonly key: string
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

/** Field names of these events are part of the interface: `--explain=json` writes them (docs/schemas/explain.json). */
interface Exchange {
  /** In the order in which they began, from 1. */
  readonly number: number
  /** Since the command began. */
  readonly startMs: number
  /** Null when it is not known. */
  broker: number | null
  readonly address: string
  /** Null while there is no answer. */
  elapsedMs: number | null
  /** Why there was no answer. */
  error: string | null
}

export interface ConnectEvent extends Exchange {
  readonly event: 'connect'
}

export interface RequestEvent extends Exchange {
  readonly event: 'request'
  readonly api: string
  readonly key: number
  readonly version: number
  /** In words. */
  readonly asked: string
  /** In words; null: none came. */
  answer: string | null
  requestBytes: number
  responseBytes: number | null
  /** Names of error codes in the answer. */
  errorCodes: readonly string[]
  /** The same was asked before, and failed: 2 and more. */
  readonly attempt: number
}

/** What became different in a local cluster. */
export type Change =
  | (Place & {
      readonly event: 'append'
      readonly broker: number
      readonly firstOffset: number
      readonly endOffset: number
      readonly bytes: number
      readonly file: string
    })
  | (Place & {
      readonly event: 'index'
      readonly broker: number
      readonly file: string
      readonly entries: number
    })
  | (Place & {
      readonly event: 'segment'
      readonly change: 'created' | 'deleted'
      readonly broker: number
      readonly file: string
    })
  | (Place & { readonly event: 'high-watermark'; readonly from: number; readonly to: number })
  | (Place & { readonly event: 'isr'; readonly from: readonly number[]; readonly to: readonly number[] })
  | (Place & {
      readonly event: 'replicas'
      readonly from: readonly number[]
      readonly to: readonly number[]
    })
  | (Place & {
      readonly event: 'leader'
      readonly from: number
      readonly to: number
      readonly fromEpoch: number
      readonly toEpoch: number
    })
  | (Place & {
      readonly event: 'partition'
      readonly change: 'created'
      readonly leader: number
      readonly replicas: readonly number[]
    })
  | (Place & { readonly event: 'partition'; readonly change: 'deleted' })
  | { readonly event: 'znode'; readonly change: 'created' | 'changed' | 'deleted'; readonly path: string }

/** In the place of an answer, when the client was closed before it came. */
export const NOT_WAITED_FOR = 'not waited for'

interface Place {
  readonly topic: string
  readonly partition: number
}

/** What could not be seen, and whose doing it is. */
export interface Note {
  readonly event: 'note'
  readonly message: string
}

import type { RecordsInput } from './writer.ts'

/**
 * The notation in which Kafka's messages are written down, one file an API. A message is a plain object of fields in wire
 * order; its TypeScript type is inferred from the same literal (`Infer` for what decoding gives, `Input` for what encoding
 * takes: every field may be left out and then has its default).
 *
 * Versions are in Kafka's notation: `0+`, `3-5`, `7`.
 */
export type PrimitiveKind =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'int64'
  | 'float64'
  | 'string'
  | 'uuid'
  | 'bytes'
  | 'records'

export interface FieldOptions {
  /** Versions in which the field may be null. */
  readonly nullable?: string
  /** The value of a field that is left out or that the version does not have. Without it: 0, '', false, [] or empty. */
  readonly default?: unknown
  /** Whether a value other than the default may be dropped silently when the version cannot carry it. */
  readonly ignorable?: boolean
  /** For a tagged field: its tag, and the versions in which it is one. */
  readonly tag?: number
  readonly tagged?: string
  /** Overrides the flexibility of the message; only the client id of the request header does. */
  readonly flexible?: string
  /**
   * For an array in the elements of another: many of them say the same. Those with the same bytes are decoded once, and
   * what was made of them stands in all places: it must not be changed.
   */
  readonly repeats?: true
}

/** `Out` and `In` exist for inference only. */
export interface Field<Out = unknown, In = unknown> {
  readonly kind: PrimitiveKind | 'array' | 'struct'
  readonly versions: string
  readonly options: FieldOptions
  /** The element of an array. */
  readonly element?: PrimitiveKind | Fields
  /** The fields of a struct. */
  readonly fields?: Fields
  readonly out?: Out
  readonly in?: In
}

export type Fields = { readonly [name: string]: Field }

export type Infer<F> = { [K in keyof F]: F[K] extends Field<infer Out, unknown> ? Out : never }
export type Input<F> = {
  readonly [K in keyof F]?: F[K] extends Field<unknown, infer In> ? In | undefined : never
}

type Nullable<T, O> = O extends { readonly nullable: string } ? T | null : T

interface PrimitiveOut {
  bool: boolean
  int8: number
  int16: number
  uint16: number
  int32: number
  int64: number
  float64: number
  string: string
  uuid: string
  bytes: Buffer
  records: Buffer
}

interface PrimitiveIn extends Omit<PrimitiveOut, 'bytes' | 'records'> {
  bytes: Uint8Array
  records: RecordsInput
}

type Primitive<K extends PrimitiveKind, O> = Field<Nullable<PrimitiveOut[K], O>, Nullable<PrimitiveIn[K], O>>

function primitive<K extends PrimitiveKind>(kind: K) {
  return <const O extends FieldOptions = Record<never, never>>(
    versions: string,
    options?: O,
  ): Primitive<K, O> => ({
    kind,
    versions,
    options: options ?? {},
  })
}

export const bool = primitive('bool')
export const int8 = primitive('int8')
export const int16 = primitive('int16')
export const uint16 = primitive('uint16')
export const int32 = primitive('int32')
export const int64 = primitive('int64')
export const float64 = primitive('float64')
export const string = primitive('string')
export const uuid = primitive('uuid')
export const bytes = primitive('bytes')
export const records = primitive('records')

type ElementOut<E> = E extends PrimitiveKind ? PrimitiveOut[E] : Infer<E>
type ElementIn<E> = E extends PrimitiveKind ? PrimitiveIn[E] : Input<E>

/** An array of primitives (`array('0+', 'int32')`) or of structs (`array('0+', { … })`). */
export function array<
  const E extends PrimitiveKind | Fields,
  const O extends FieldOptions = Record<never, never>,
>(
  versions: string,
  element: E,
  options?: O,
): Field<Nullable<ElementOut<E>[], O>, Nullable<readonly ElementIn<E>[], O>> {
  return { kind: 'array', versions, element, options: options ?? {} }
}

export function struct<const F extends Fields, const O extends FieldOptions = Record<never, never>>(
  versions: string,
  fields: F,
  options?: O,
): Field<Nullable<Infer<F>, O>, Nullable<Input<F>, O>> {
  return { kind: 'struct', versions, fields, options: options ?? {} }
}

/** What an expression says, with where it says so. */
export type Condition =
  | { readonly kind: 'and' | 'or'; readonly parts: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'compare'; readonly operator: Operator; readonly left: Operand; readonly right: Operand }
  | { readonly kind: 'in'; readonly of: Field; readonly list: readonly Literal[] }
  | { readonly kind: 'matches'; readonly of: Field; readonly pattern: RegExp }
  | { readonly kind: 'exists'; readonly of: Field }
  /** A field alone: it is `true`. */
  | { readonly kind: 'holds'; readonly of: Field }

export type Operator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'contains' | 'starts with' | 'ends with'

export type Operand = Field | Literal

export const NUMBER_FIELDS = ['partition', 'offset', 'timestamp', 'size'] as const
export const TEXT_FIELDS = ['key', 'value', 'topic'] as const
export type Root = (typeof NUMBER_FIELDS)[number] | (typeof TEXT_FIELDS)[number] | 'header'

export interface Field {
  readonly kind: 'field'
  readonly at: number
  readonly root: Root
  /** Of a header. */
  readonly name?: string
  /** Into the JSON of a key, value or header. */
  readonly path: readonly (string | number)[]
}

export interface Literal {
  readonly kind: 'literal'
  readonly at: number
  readonly value: string | number | boolean | null
  /** A moment: `value` is in milliseconds. */
  readonly isTime: boolean
}

export function isNumberField({ root }: Field): boolean {
  return NUMBER_FIELDS.some((name) => name === root)
}

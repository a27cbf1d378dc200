/** A JSON Schema of draft 2020-12, or a part of one. */
export interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly (string | number | boolean | null)[]
  readonly $ref?: string
  readonly $defs?: Readonly<Record<string, Schema>>
}

/** A field that is not always there. */
interface Optional {
  readonly optional: Schema
}

/** What a command writes: with `-o json` one document, with `-o ndjson` one line after the other. */
export interface Output {
  readonly document: Schema
  readonly line: Schema
}

const of =
  (type: string) =>
  (description?: string): Schema => ({ type, ...(description && { description }) })

export const text = of('string')
export const whole = of('integer')
export const number = of('number')
export const flag = of('boolean')
/** Milliseconds since 1970. */
export const timestamp = (description: string) => whole(`${description}, in milliseconds since 1970`)

export function oneOf(...values: readonly string[]): Schema {
  return { type: 'string', enum: values }
}

export function described(description: string, schema: Schema): Schema {
  return { ...schema, description }
}

/** A value or null. What null stands for is said in the description. */
export function orNull(schema: Schema): Schema {
  if (schema.type === undefined) return { anyOf: [schema, { type: 'null' }] }
  const types = [schema.type].flat()
  return {
    ...schema,
    type: [...types, 'null'],
    ...(schema.enum && { enum: [...schema.enum, null] }),
  }
}

export function list(items: Schema, description?: string): Schema {
  return { type: 'array', ...(description && { description }), items }
}

export function optional(schema: Schema): Optional {
  return { optional: schema }
}

/** Fields that are not named may come with later versions: readers pass over them. */
export function object(fields: Readonly<Record<string, Schema | Optional>>): Schema {
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [name, 'optional' in field ? field.optional : field]),
  )
  const required = Object.keys(fields).filter((name) => !('optional' in (fields[name] ?? {})))
  return { type: 'object', properties, required }
}

/** An object whose names are data. */
export function map(values: Schema, description?: string): Schema {
  return { type: 'object', ...(description && { description }), additionalProperties: values }
}

export function anyOf(...schemas: readonly Schema[]): Schema {
  return { anyOf: schemas }
}

/** A list: as NDJSON one element a line. */
export function rows(row: Schema): Output {
  return { document: list({ $ref: '#/$defs/line' }), line: row }
}

/** One thing: the same in both forms, on one line with NDJSON. */
export function single(document: Schema): Output {
  return { document, line: { $ref: '#/$defs/document' } }
}

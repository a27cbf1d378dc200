import { isDeepStrictEqual } from 'node:util'

/** The keywords of JSON Schema that our schemas use. Others are an error: they would be passed over in silence. */
interface Schema {
  readonly type?: string | readonly string[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: Schema
  readonly items?: Schema
  readonly anyOf?: readonly Schema[]
  readonly enum?: readonly unknown[]
  readonly $ref?: string
}

const CHECKED = ['type', 'properties', 'required', 'additionalProperties', 'items', 'anyOf', 'enum', '$ref']
const NOTES = ['description', 'title', '$schema', '$id', '$defs']
const TYPES = ['string', 'integer', 'number', 'boolean', 'null', 'array', 'object']

/**
 * What is wrong with a value by a schema, each with its place; nothing when it fits. Stricter than draft 2020-12 in one
 * point: a field that the schema does not name is wrong, so that none is added without its schema.
 */
export function schemaErrors(root: object, value: unknown, start: object = root): string[] {
  return errorsAt(root, start as Schema, value, '')
}

function errorsAt(root: object, schema: Schema, value: unknown, at: string): string[] {
  if (schema.$ref !== undefined) return errorsAt(root, resolve(root, schema.$ref), value, at)
  if (schema.anyOf !== undefined) return anyOfErrors(root, schema.anyOf, value, at)
  if (schema.type !== undefined && ![schema.type].flat().some((type) => isOfType(value, type)))
    return [`${at || '/'}: ${short(value)} is not ${[schema.type].flat().join(' or ')}`]
  if (schema.enum !== undefined && !schema.enum.some((each) => isDeepStrictEqual(each, value)))
    return [`${at || '/'}: ${short(value)} is none of ${schema.enum.join(', ')}`]
  if (Array.isArray(value)) {
    const { items } = schema
    return items === undefined ? [] : value.flatMap((each, i) => errorsAt(root, items, each, `${at}/${i}`))
  }
  if (typeof value === 'object' && value !== null && schema.type !== undefined)
    return objectErrors(root, schema, value, at)
  return []
}

function objectErrors(root: object, schema: Schema, value: object, at: string): string[] {
  const { properties = {}, required = [], additionalProperties } = schema
  const missing = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => `${at}/${name}: is missing`)
  const wrong = Object.entries(value).flatMap(([name, each]) => {
    const own = Object.hasOwn(properties, name) ? properties[name] : additionalProperties
    return own === undefined
      ? [`${at}/${name}: is not in the schema`]
      : errorsAt(root, own, each, `${at}/${name}`)
  })
  return [...missing, ...wrong]
}

/** Tells about the alternative that fits best. */
function anyOfErrors(root: object, choices: readonly Schema[], value: unknown, at: string): string[] {
  const all = choices.map((choice) => errorsAt(root, choice, value, at))
  return all.reduce((best, errors) => (errors.length < best.length ? errors : best))
}

/** Unknown keywords and types, references that lead nowhere, fields that are required and not described. */
export function faultsOfSchema(root: object): string[] {
  const faults: string[] = []
  const visit = (schema: Schema, at: string) => {
    for (const keyword of Object.keys(schema))
      if (![...CHECKED, ...NOTES].includes(keyword)) faults.push(`${at}: unknown keyword ${keyword}`)
    for (const type of [schema.type ?? []].flat())
      if (!TYPES.includes(type)) faults.push(`${at}: unknown type ${type}`)
    if (schema.$ref !== undefined)
      try {
        resolve(root, schema.$ref)
      } catch {
        faults.push(`${at}: ${schema.$ref} leads nowhere`)
      }
    for (const name of schema.required ?? [])
      if (!Object.hasOwn(schema.properties ?? {}, name))
        faults.push(`${at}: ${name} is required and not described`)
    for (const [name, each] of Object.entries(schema.properties ?? {})) visit(each, `${at}/${name}`)
    for (const each of [schema.items, schema.additionalProperties])
      if (each !== undefined) visit(each, `${at}/*`)
    for (const [i, each] of (schema.anyOf ?? []).entries()) visit(each, `${at}|${i}`)
    for (const [name, each] of Object.entries(('$defs' in schema && schema.$defs) || {}))
      visit(each as Schema, `#${name}`)
  }
  visit(root, '')
  return faults
}

export function resolve(root: object, ref: string): Schema {
  let found: unknown = root
  for (const name of ref.replace(/^#\//, '').split('/')) found = Reflect.get(found as object, name)
  if (typeof found !== 'object' || found === null) throw new Error(`${ref} leads nowhere`)
  return found
}

function isOfType(value: unknown, type: string): boolean {
  switch (type) {
    case 'integer':
      return Number.isInteger(value)
    case 'array':
      return Array.isArray(value)
    case 'null':
      return value === null
    case 'object':
      return typeof value === 'object' && value !== null && !Array.isArray(value)
    default:
      return typeof value === type
  }
}

function short(value: unknown): string {
  return (JSON.stringify(value) ?? 'undefined').slice(0, 60)
}

import { ZERO_UUID } from '../base/uuid.ts'
import { CodecError } from './codec-error.ts'
import type { Reader } from './reader.ts'
import type { Field, Fields, PrimitiveKind } from './schema.ts'
import { SharedList } from './shared-list.ts'
import { includesVersion, parseVersions, type VersionRange } from './versions.ts'
import type { Writer } from './writer.ts'

/**
 * Turns a schema into one straight decode and one straight encode function per version: no version tests, no per-field
 * closures, and one object literal with all fields in schema order, so that every version has the same hidden class.
 * The source is made from our own schema only; names are checked, nothing from input reaches it.
 */
export type Decoder = (reader: Reader) => unknown
export type Encoder = (writer: Writer, value: unknown) => void

interface Context {
  readonly version: number
  readonly flexible: boolean
  /** Note the field path before each read, to name the place of an error. */
  readonly trace: boolean
  readonly functions: string[]
  /** Ranges by their notation: the same few stand at most fields. */
  readonly ranges: Map<string, VersionRange>
}

const LEAST_BYTES: Record<PrimitiveKind, number> = {
  bool: 1,
  int8: 1,
  int16: 2,
  uint16: 2,
  int32: 4,
  int64: 8,
  float64: 8,
  uuid: 16,
  string: 2,
  bytes: 4,
  records: 4,
}

/** Up to here arrays are made with their size; those that grow take room for 17 elements, and most have three. */
const SIZED_ARRAY_ELEMENTS = 1024

export function compileDecoder(
  name: string,
  fields: Fields,
  version: number,
  flexible: boolean,
  trace: boolean,
): Decoder {
  const context: Context = { version, flexible, trace, functions: [], ranges: new Map() }
  const main = structDecoder(context, fields, '')
  return evaluate(context, `decode ${name} v${version}${trace ? ' traced' : ''}`, main) as Decoder
}

export function compileEncoder(name: string, fields: Fields, version: number, flexible: boolean): Encoder {
  const context: Context = { version, flexible, trace: false, functions: [], ranges: new Map() }
  const main = structEncoder(context, fields, '')
  return evaluate(context, `encode ${name} v${version}`, main) as Encoder
}

function evaluate(context: Context, label: string, main: string): unknown {
  const source = `'use strict'\n${context.functions.join('\n')}\nreturn ${main}\n//# sourceURL=kcli/${label.replaceAll(' ', '-')}`
  return new Function('EMPTY', 'CodecError', 'SharedList', source)(Buffer.alloc(0), CodecError, SharedList)
}

function addFunction(context: Context, parameters: string, body: string): string {
  const name = `f${context.functions.length}`
  context.functions.push(`function ${name}(${parameters}) {\n${body}\n}`)
  return name
}

function checkedName(name: string): string {
  if (!/^[a-z][A-Za-z0-9]*$/.test(name)) throw new RangeError(`'${name}' is not a field name`)
  return name
}

function isIn(context: Context, versions: string): boolean {
  let range = context.ranges.get(versions)
  if (range === undefined) {
    range = parseVersions(versions)
    context.ranges.set(versions, range)
  }
  return includesVersion(range, context.version)
}

function has(field: Field, context: Context): boolean {
  return isIn(context, field.versions)
}

function isTagged(field: Field, context: Context): boolean {
  return field.options.tagged !== undefined && isIn(context, field.options.tagged)
}

function isNullable(field: Field, context: Context): boolean {
  return field.options.nullable !== undefined && isIn(context, field.options.nullable)
}

function isCompact(field: Field, context: Context): boolean {
  const override = field.options.flexible
  return override === undefined ? context.flexible : isIn(context, override)
}

/** The default of a field, as source text. */
function defaultSource(context: Context, field: Field): string {
  const value = field.options.default
  if (value === null) return 'null'
  switch (field.kind) {
    case 'array':
      return '[]'
    case 'struct':
      return `${structDefault(context, field.fields ?? {})}()`
    case 'bytes':
    case 'records':
      return 'EMPTY'
    case 'string':
      return JSON.stringify(value ?? '')
    case 'uuid':
      return JSON.stringify(ZERO_UUID)
    case 'bool':
      return value === true ? 'true' : 'false'
    default:
      return String(Number(value ?? 0))
  }
}

function structDefault(context: Context, fields: Fields): string {
  const entries = Object.entries(fields).map(
    ([name, field]) => `${checkedName(name)}: ${defaultSource(context, field)}`,
  )
  return addFunction(context, '', `return { ${entries.join(', ')} }`)
}

/** The least number of bytes that one element takes; bounds what an array length may claim. */
function leastBytes(context: Context, element: PrimitiveKind | Fields): number {
  if (typeof element === 'string') {
    const compact = context.flexible && (element === 'string' || element === 'bytes' || element === 'records')
    return compact ? 1 : LEAST_BYTES[element]
  }
  let least = context.flexible ? 1 : 0
  for (const field of Object.values(element)) {
    if (!has(field, context) || isTagged(field, context)) continue
    if (field.kind === 'array') least += context.flexible ? 1 : 4
    else if (field.kind === 'struct') {
      least += isNullable(field, context) ? 1 : leastBytes(context, field.fields ?? {})
    } else least += leastBytes(context, field.kind)
  }
  return Math.max(least, 1)
}

// ---- decoding

function structDecoder(context: Context, fields: Fields, path: string): string {
  const lines: string[] = []
  const tagged: string[] = []
  const run = new FixedRun(lines, context)
  const entries = Object.entries(fields).map(([name, field], index) => {
    checkedName(name)
    const variable = `v${index}`
    const at = path === '' ? name : `${path}.${name}`
    if (run.take(field, variable)) return `${name}: ${variable}`
    const present = has(field, context)
    if (present && isTagged(field, context)) {
      lines.push(`let ${variable} = ${defaultSource(context, field)}`)
      tagged.push(`case ${field.options.tag}: ${readInto(context, field, variable, at)}
        if (r.position !== end) r.fail('a tagged field of another size')
        break`)
    } else if (present) {
      run.end()
      lines.push(`let ${variable}`, readInto(context, field, variable, at))
    } else lines.push(`const ${variable} = ${defaultSource(context, field)}`)
    return `${name}: ${variable}`
  })
  run.end()
  if (context.flexible) lines.push(...tagSection(tagged))
  lines.push(`return { ${entries.join(', ')} }`)
  return addFunction(context, 'r', lines.join('\n'))
}

const FIXED: Partial<Record<PrimitiveKind, { bytes: number; read: (at: string) => string }>> = {
  bool: { bytes: 1, read: (at) => `d.getInt8(${at}) !== 0` },
  int8: { bytes: 1, read: (at) => `d.getInt8(${at})` },
  int16: { bytes: 2, read: (at) => `d.getInt16(${at})` },
  uint16: { bytes: 2, read: (at) => `d.getUint16(${at})` },
  int32: { bytes: 4, read: (at) => `d.getInt32(${at})` },
}

/**
 * Numbers that lie behind one another are checked for their bytes once and read in place: a call for each of them is most
 * of what decoding costs in a process that has just started.
 */
class FixedRun {
  private readonly lines: string[]
  private readonly context: Context
  private reads: string[] = []
  private bytes = 0

  constructor(lines: string[], context: Context) {
    this.lines = lines
    this.context = context
  }

  /** False when the field is none of a fixed size. The tracing decoder goes field by field. */
  take(field: Field, variable: string): boolean {
    const { context } = this
    if (context.trace || typeof field.kind !== 'string') return false
    const fixed = FIXED[field.kind as PrimitiveKind]
    if (fixed === undefined || !has(field, context) || isTagged(field, context)) return false
    this.reads.push(`${variable} = ${fixed.read(`p + ${this.bytes}`)}`)
    this.lines.push(`let ${variable}`)
    this.bytes += fixed.bytes
    return true
  }

  end(): void {
    if (this.reads.length === 0) return
    this.lines.push(`{ const d = r.view, p = r.take(${this.bytes})\n${this.reads.join('\n')} }`)
    this.reads = []
    this.bytes = 0
  }
}

function tagSection(cases: string[]): string[] {
  if (cases.length === 0) return ['r.skipTags()']
  return [
    `for (let left = r.uvarint(); left > 0; left--) {
      const tag = r.uvarint(), end = r.taggedEnd()
      switch (tag) {
      ${cases.join('\n')}
      default: r.position = end
      }
    }`,
  ]
}

function readInto(context: Context, field: Field, variable: string, path: string): string {
  const note = context.trace ? `r.field = ${JSON.stringify(path)}; ` : ''
  const nullable = isNullable(field, context)
  if (field.kind === 'array') return note + readArray(context, field, variable, path, nullable)
  if (field.kind === 'struct') {
    const decode = structDecoder(context, field.fields ?? {}, path)
    return `${note}${variable} = ${nullable ? `r.int8() < 0 ? null : ${decode}(r)` : `${decode}(r)`}`
  }
  return `${note}${variable} = r.${methodOf(field.kind, nullable, isCompact(field, context), 'read')}()`
}

function readArray(
  context: Context,
  field: Field,
  variable: string,
  path: string,
  nullable: boolean,
): string {
  const element = field.element ?? {}
  if (element === 'int32' && !nullable) {
    return `${variable} = r.${context.flexible ? 'compactInt32Array' : 'int32Array'}()`
  }
  const count = `r.${context.flexible ? 'compactArrayLength' : 'arrayLength'}(${leastBytes(context, element)})`
  const read =
    typeof element === 'string'
      ? `r.${methodOf(element, false, context.flexible, 'read')}()`
      : `${structDecoder(context, element, `${path}[]`)}(r)`
  const readAll = `{
    const n = ${count}
    if (n < 0) ${nullable ? `${variable} = null` : 'r.nullArray()'}
    else {
      const a = n > 0 && n <= ${SIZED_ARRAY_ELEMENTS} ? new Array(n) : []
      for (let i = 0; i < n; i++) a[i] = ${read}
      ${variable} = a
    }
  }`
  if (field.options.repeats !== true || context.trace) return readAll
  return `{
    const s = r.repeats(${JSON.stringify(path)}), from = r.position
    ${variable} = s.find(r)
    if (${variable} === undefined) {
      ${readAll}
      s.add(r, from, ${variable})
    }
  }`
}

function methodOf(
  kind: PrimitiveKind,
  nullable: boolean,
  compact: boolean,
  direction: 'read' | 'write',
): string {
  if (kind === 'records') {
    // Kafka declares record sets nullable wherever they occur; a view is enough when reading.
    if (direction === 'write') return compact ? 'compactRecords' : 'records'
    return methodOf('bytes', nullable, compact, direction)
  }
  if (kind !== 'string' && kind !== 'bytes') return kind
  const name = nullable ? `nullable${kind === 'string' ? 'String' : 'Bytes'}` : kind
  return compact ? `compact${name.charAt(0).toUpperCase()}${name.slice(1)}` : name
}

// ---- encoding

function structEncoder(context: Context, fields: Fields, path: string): string {
  const lines: string[] = ['let v']
  const tagged: { tag: number; variable: string; isDefault: string; write: string }[] = []
  for (const [name, field] of Object.entries(fields)) {
    checkedName(name)
    const at = path === '' ? name : `${path}.${name}`
    if (!has(field, context)) {
      if (field.options.ignorable !== true) lines.push(`v = m.${name}`, refuse(context, field, at))
    } else if (isTagged(field, context)) {
      const variable = `t${tagged.length}`
      lines.push(
        `let ${variable} = m.${name}; if (${variable} === undefined) ${variable} = ${defaultSource(context, field)}`,
      )
      const write = addFunction(context, 'w, v', writeValue(context, field, at))
      tagged.push({
        tag: field.options.tag ?? 0,
        variable,
        isDefault: isDefault(context, field, variable),
        write,
      })
    } else {
      lines.push(
        `v = m.${name}; if (v === undefined) v = ${defaultSource(context, field)}`,
        writeValue(context, field, at),
      )
    }
  }
  if (context.flexible) lines.push(...writeTags(tagged))
  return addFunction(context, 'w, m', lines.join('\n'))
}

function writeTags(tagged: { tag: number; variable: string; isDefault: string; write: string }[]): string[] {
  if (tagged.length === 0) return ['w.uvarint(0)']
  const inOrder = [...tagged].sort((a, b) => a.tag - b.tag)
  return [
    'let tags = 0',
    ...inOrder.map((t) => `const d${t.variable} = ${t.isDefault}; if (!d${t.variable}) tags++`),
    'w.uvarint(tags)',
    ...inOrder.map((t) => `if (!d${t.variable}) w.tagged(${t.tag}, (s) => ${t.write}(s, ${t.variable}))`),
  ]
}

/** KIP-482's rule: what a version cannot carry must be the default, or the caller learns of it. */
function refuse(context: Context, field: Field, path: string): string {
  const message = `version ${context.version} cannot carry ${path}`
  return `if (v !== undefined && !(${isDefault(context, field, 'v')})) throw new CodecError(${JSON.stringify(message)})`
}

function isDefault(context: Context, field: Field, variable: string): string {
  const value = field.options.default
  if (value === null) return `${variable} === null`
  switch (field.kind) {
    case 'array':
    case 'bytes':
    case 'records':
      return `(${variable} !== null && ${variable}.length === 0)`
    case 'struct': {
      const tests = Object.entries(field.fields ?? {}).map(([name, inner]) => {
        const at = `v.${checkedName(name)}`
        return `(${at} === undefined || ${isDefault(context, inner, at)})`
      })
      return `${addFunction(context, 'v', `return v !== null && ${tests.join(' && ') || 'true'}`)}(${variable})`
    }
    default:
      return `${variable} === ${defaultSource(context, field)}`
  }
}

function writeValue(context: Context, field: Field, path: string): string {
  const nullable = isNullable(field, context)
  const notNull = `if (v === null) throw new CodecError(${JSON.stringify(`${path} cannot be null in version ${context.version}`)})`
  const guard = !nullable && field.options.nullable !== undefined ? `${notNull}\n` : ''
  if (field.kind === 'array') return guard + writeArray(context, field, path, nullable)
  if (field.kind === 'struct') {
    const encode = structEncoder(context, field.fields ?? {}, path)
    if (!nullable) return `${guard}${encode}(w, v)`
    return `if (v === null) w.int8(-1)\nelse { w.int8(1); ${encode}(w, v) }`
  }
  return `${guard}w.${methodOf(field.kind, nullable, isCompact(field, context), 'write')}(v)`
}

function writeArray(context: Context, field: Field, path: string, nullable: boolean): string {
  const element = field.element ?? {}
  const writeLength = `w.${context.flexible ? 'compactArrayLength' : 'arrayLength'}`
  const loop = (writeElement: string) =>
    `{ ${writeLength}(v.length)\nfor (let i = 0; i < v.length; i++) ${writeElement} }`
  let all: string
  if (typeof element === 'string') {
    all = loop(`w.${methodOf(element, false, context.flexible, 'write')}(v[i])`)
  } else {
    const encode = structEncoder(context, element, `${path}[]`)
    all = `if (v instanceof SharedList) w.sharedArray(v, ${encode}, ${context.flexible})\nelse ${loop(`${encode}(w, v[i])`)}`
  }
  return nullable ? `if (v === null) ${writeLength}(-1)\nelse ${all}` : all
}

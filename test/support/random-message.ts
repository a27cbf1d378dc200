import type { Random } from '../../src/base/random.ts'
import { randomUuid, ZERO_UUID } from '../../src/base/uuid.ts'
import type { Field, Fields, PrimitiveKind } from '../../src/protocol/schema.ts'
import { includesVersion, parseVersions } from '../../src/protocol/versions.ts'

/** Makes a random value of a message as a given version carries it: absent fields have their default. */
export function randomMessage(
  random: Random,
  fields: Fields,
  version: number,
  depth = 0,
): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, field]) => [
      name,
      includesVersion(parseVersions(field.versions), version)
        ? randomField(random, field, version, depth)
        : defaultOf(field),
    ]),
  )
}

/** A message with every field at its default. */
export function defaultMessage(fields: Fields): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, field]) => [name, defaultOf(field)]))
}

function defaultOf(field: Field): unknown {
  const value = field.options.default
  if (value === null) return null
  switch (field.kind) {
    case 'array':
      return []
    case 'struct':
      return defaultMessage(field.fields ?? {})
    case 'bytes':
    case 'records':
      return Buffer.alloc(0)
    case 'string':
      return value ?? ''
    case 'uuid':
      return ZERO_UUID
    case 'bool':
      return value ?? false
    default:
      return value ?? 0
  }
}

function randomField(random: Random, field: Field, version: number, depth: number): unknown {
  const nullable = field.options.nullable
  if (nullable !== undefined && includesVersion(parseVersions(nullable), version) && random.int(4) === 0)
    return null
  if (field.options.tagged !== undefined && random.int(2) === 0) return defaultOf(field)
  if (field.kind === 'struct') return randomMessage(random, field.fields ?? {}, version, depth + 1)
  if (field.kind === 'array') {
    const element = field.element ?? {}
    return Array.from({ length: random.int(depth > 2 ? 2 : 4) }, () =>
      typeof element === 'string'
        ? randomPrimitive(random, element)
        : randomMessage(random, element, version, depth + 1),
    )
  }
  return randomPrimitive(random, field.kind)
}

const TEXTS = ['', 'a', 'orders', 'naïve ☃ 𝒦', 'x'.repeat(200)]

function randomPrimitive(random: Random, kind: PrimitiveKind): unknown {
  const sign = random.int(2) === 0 ? 1 : -1
  switch (kind) {
    case 'bool':
      return random.int(2) === 0
    case 'int8':
      return random.int(256) - 128
    case 'int16':
      return random.int(65536) - 32768
    case 'uint16':
      return random.int(65536)
    case 'int32':
      return random.int(2 ** 32) - 2 ** 31
    case 'int64':
      return sign * Math.floor(random.next() * 2 ** random.int(54)) + 0
    case 'float64':
      return sign * random.next() * 1e9
    case 'string':
      return TEXTS[random.int(TEXTS.length)]
    case 'uuid':
      return randomUuid(random)
    case 'bytes':
    case 'records':
      return random.bytes(random.int(40))
  }
}

import { JavaException } from '../../base/java-exception.ts'
import { nodeFileSystem } from '../../base/node-file-system.ts'

/** Utils.readFileAsString */
export function readFileAsString(path: string): string {
  try {
    return nodeFileSystem.readFileSync(path).toString('utf8')
  } catch (error) {
    throw new JavaException('java.io.IOException', `Unable to read file ${path}`, error)
  }
}

/** A JSON value as Kafka's tools take it apart (org.apache.kafka.server.util.json.JsonValue), with their exceptions. */
export class JsonFile {
  private readonly value: unknown

  constructor(value: unknown) {
    this.value = value
  }

  /** Undefined for what is no JSON. Throws when there is no such file. */
  static read(path: string): JsonFile | undefined {
    return JsonFile.parse(readFileAsString(path))
  }

  static parse(text: string): JsonFile | undefined {
    try {
      return new JsonFile(JSON.parse(text))
    } catch {
      return undefined
    }
  }

  object(): JsonObject {
    const { value } = this
    if (typeof value === 'object' && value !== null && !Array.isArray(value))
      return new JsonObject(value as Record<string, unknown>)
    throw mapping(`Expected JSON object, received ${JSON.stringify(value)}`)
  }

  array(): JsonFile[] {
    if (Array.isArray(this.value)) return this.value.map((value) => new JsonFile(value))
    throw mapping(`Expected JSON array, received ${JSON.stringify(this.value)}`)
  }

  string(): string {
    if (typeof this.value === 'string') return this.value
    throw mapping(`Expected \`String\` value, received ${JSON.stringify(this.value)}`)
  }

  integer(): number {
    const { value } = this
    if (Number.isInteger(value) && Math.abs(Number(value)) <= 0x7fffffff) return Number(value)
    throw mapping(`Expected \`Integer\` value, received ${JSON.stringify(value)}`)
  }

  long(): number {
    if (Number.isInteger(this.value)) return Number(this.value)
    throw mapping(`Expected \`Long\` value, received ${JSON.stringify(this.value)}`)
  }
}

class JsonObject {
  private readonly fields: Readonly<Record<string, unknown>>

  constructor(fields: Readonly<Record<string, unknown>>) {
    this.fields = fields
  }

  optional(name: string): JsonFile | undefined {
    return Object.hasOwn(this.fields, name) ? new JsonFile(this.fields[name]) : undefined
  }

  get(name: string): JsonFile {
    const field = this.optional(name)
    if (field === undefined) throw mapping(`No such field exists: \`${name}\``)
    return field
  }
}

function mapping(message: string): JavaException {
  return new JavaException('com.fasterxml.jackson.databind.JsonMappingException', message)
}

import { messageOf } from '../base/errors.ts'
import type { Part } from '../base/network.ts'
import { CodecError } from './codec-error.ts'
import { compileDecoder, compileEncoder, type Decoder, type Encoder } from './compile.ts'
import { Reader } from './reader.ts'
import type { Fields, Infer, Input } from './schema.ts'
import { includesVersion, parseVersions, type VersionRange } from './versions.ts'
import { Writer } from './writer.ts'

export interface MessageSpec<F extends Fields> {
  readonly versions: string
  readonly flexible: string
  readonly fields: F
}

/** One request, response, header or record format of Kafka in all its versions. Codecs are compiled when first used. */
export class MessageType<F extends Fields> {
  readonly name: string
  readonly fields: F
  readonly versions: VersionRange
  private readonly flexible: VersionRange
  private readonly decoders: Decoder[] = []
  private readonly encoders: Encoder[] = []

  constructor(name: string, spec: MessageSpec<F>) {
    this.name = name
    this.fields = spec.fields
    this.versions = parseVersions(spec.versions)
    this.flexible = parseVersions(spec.flexible)
  }

  isFlexible(version: number): boolean {
    return includesVersion(this.flexible, version)
  }

  supports(version: number): boolean {
    return includesVersion(this.versions, version)
  }

  /** Reads the message at the reader's position. Throws {@link CodecError} naming message, version, field and position. */
  decode(reader: Reader, version: number): Infer<F> {
    let decode = this.decoders[version]
    if (decode === undefined) {
      this.check(version)
      decode = compileDecoder(this.name, this.fields, version, this.isFlexible(version), false)
      this.decoders[version] = decode
    }
    const start = reader.position
    try {
      return decode(reader) as Infer<F>
    } catch (error) {
      if (!(error instanceof CodecError)) throw error
      throw this.located(error, reader, start, version)
    }
  }

  /** Reads a whole buffer; bytes left over are an error. */
  decodeBuffer(buffer: Buffer, version: number): Infer<F> {
    const reader = new Reader(buffer)
    const value = this.decode(reader, version)
    if (reader.remaining > 0) {
      throw new CodecError(`${this.name} v${version}: ${reader.remaining} bytes left over`, reader.position)
    }
    return value
  }

  encode(writer: Writer, version: number, value: Input<F>): void {
    let encode = this.encoders[version]
    if (encode === undefined) {
      this.check(version)
      encode = compileEncoder(this.name, this.fields, version, this.isFlexible(version))
      this.encoders[version] = encode
    }
    try {
      encode(writer, value)
    } catch (error) {
      throw new CodecError(`${this.name} v${version} cannot be written: ${messageOf(error)}`)
    }
  }

  encodeParts(version: number, value: Input<F>): Part[] {
    const writer = new Writer()
    this.encode(writer, version, value)
    return writer.finish()
  }

  encodeBuffer(version: number, value: Input<F>): Buffer {
    const writer = new Writer()
    this.encode(writer, version, value)
    return writer.toBuffer()
  }

  private check(version: number): void {
    if (!this.supports(version)) throw new CodecError(`${this.name} has no version ${version}`)
  }

  /** Decodes once more with the slower decoder that notes the field it is at; only failures pay for it. */
  private located(error: CodecError, reader: Reader, start: number, version: number): CodecError {
    const again = new Reader(reader.buffer, start, reader.end)
    try {
      compileDecoder(this.name, this.fields, version, this.isFlexible(version), true)(again)
    } catch (traced) {
      const { position, message } = traced instanceof CodecError ? traced : error
      return new CodecError(
        `${this.name} v${version}, ${again.field}, byte ${position}: ${message}`,
        position,
      )
    }
    return error
  }
}

/** What decoding gives. */
export type Decoded<M> = M extends MessageType<infer F> ? Infer<F> : never
/** What encoding takes: any field may be left out. */
export type Encodable<M> = M extends MessageType<infer F> ? Input<F> : never

/** A record format of an internal topic or of a subscription: the version stands before it as an int16. */
export function encodeVersioned<F extends Fields>(
  type: MessageType<F>,
  version: number,
  value: Input<F>,
): Buffer {
  const writer = new Writer()
  writer.int16(version)
  type.encode(writer, version, value)
  return writer.toBuffer()
}

/** The other way round; a version that we do not know is a {@link CodecError}. */
export function decodeVersioned<F extends Fields>(
  type: MessageType<F>,
  buffer: Buffer,
): { version: number; value: Infer<F> } {
  const reader = new Reader(buffer)
  const version = reader.int16()
  return { version, value: type.decode(reader, version) }
}

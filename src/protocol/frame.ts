import type { Part } from '../base/network.ts'
import { type Api, requestHeaderVersion, responseHeaderVersion } from './api.ts'
import { CodecError } from './codec-error.ts'
import { requestHeader, responseHeader } from './header.ts'
import type { Decoded, MessageType } from './message.ts'
import { Reader } from './reader.ts'
import type { Fields, Input } from './schema.ts'
import { Writer } from './writer.ts'

/**
 * A frame on the wire:
 *
 *     size      int32, of what follows
 *     header    RequestHeader or ResponseHeader
 *     body      the message
 */
const SIZE_BYTES = 4

/**
 * Cuts a stream of chunks into frames. A frame that lies whole in one chunk is a view of it; one that is spread over
 * several is joined once, when its last byte is there, so a lying size costs nothing.
 */
export class FrameDecoder {
  private readonly maxFrameBytes: number
  private readonly chunks: Buffer[] = []
  private buffered = 0
  private frameBytes = -1

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes
  }

  /** Bytes of an unfinished frame. */
  get bufferedBytes(): number {
    return this.buffered
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0) return
    this.chunks.push(chunk)
    this.buffered += chunk.length
  }

  /** The next whole frame without its size, or null. Throws {@link CodecError} for a size that is negative or too large. */
  next(): Buffer | null {
    if (this.frameBytes < 0) {
      if (this.buffered < SIZE_BYTES) return null
      this.frameBytes = this.takeBytes(SIZE_BYTES).readInt32BE(0)
      if (this.frameBytes < 0 || this.frameBytes > this.maxFrameBytes) {
        throw new CodecError(`a frame of ${this.frameBytes} bytes; the limit is ${this.maxFrameBytes}`)
      }
    }
    if (this.buffered < this.frameBytes) return null
    const frame = this.takeBytes(this.frameBytes)
    this.frameBytes = -1
    return frame
  }

  private takeBytes(size: number): Buffer {
    this.buffered -= size
    const first = this.chunks[0]
    if (first === undefined || size === 0) return Buffer.alloc(0)
    if (first.length > size) {
      this.chunks[0] = first.subarray(size)
      return first.subarray(0, size)
    }
    if (first.length === size) {
      this.chunks.shift()
      return first
    }
    return this.joinBytes(size)
  }

  private joinBytes(size: number): Buffer {
    const joined = Buffer.allocUnsafe(size)
    let filled = 0
    let used = 0
    while (filled < size) {
      const chunk = this.chunks[used] as Buffer
      const copied = chunk.copy(joined, filled, 0, Math.min(chunk.length, size - filled))
      filled += copied
      if (copied === chunk.length) used++
      else this.chunks[used] = chunk.subarray(copied)
    }
    this.chunks.splice(0, used)
    return joined
  }
}

export type RequestHeader = Decoded<typeof requestHeader>

/**
 * Key, version and correlation id stand at the same place in every header version, so they can be read before the
 * header's own version is known. The reader is left where it was.
 */
export function peekRequest(frame: Buffer): { apiKey: number; apiVersion: number; correlationId: number } {
  const reader = new Reader(frame)
  return { apiKey: reader.int16(), apiVersion: reader.int16(), correlationId: reader.int32() }
}

export function decodeRequestHeader(reader: Reader, spec: Api, version: number): RequestHeader {
  return requestHeader.decode(reader, requestHeaderVersion(spec, version))
}

/** A whole request frame, size included, ready to be sent. */
export function encodeRequest<Req extends Fields, Res extends Fields>(
  spec: Api<Req, Res>,
  version: number,
  header: { correlationId: number; clientId: string | null },
  body: Input<Req>,
): Part[] {
  const writer = new Writer()
  writer.int32(0)
  requestHeader.encode(writer, requestHeaderVersion(spec as unknown as Api, version), {
    requestApiKey: spec.key,
    requestApiVersion: version,
    correlationId: header.correlationId,
    clientId: header.clientId,
  })
  spec.request.encode(writer, version, body)
  return sized(writer)
}

/** A whole response frame, size included, ready to be sent. */
export function encodeResponse<Req extends Fields, Res extends Fields>(
  spec: Api<Req, Res>,
  version: number,
  correlationId: number,
  body: Input<Res>,
): Part[] {
  const writer = new Writer()
  writer.int32(0)
  responseHeader.encode(writer, responseHeaderVersion(spec as unknown as Api, version), { correlationId })
  spec.response.encode(writer, version, body)
  return sized(writer)
}

/** Reads the header of a response and leaves the reader at its body. */
export function decodeResponseHeader(reader: Reader, spec: Api, version: number): { correlationId: number } {
  return responseHeader.decode(reader, responseHeaderVersion(spec, version))
}

/** Reads a response frame whole. */
export function decodeResponseBody<Req extends Fields, Res extends Fields>(
  spec: Api<Req, Res>,
  version: number,
  reader: Reader,
): Decoded<MessageType<Res>> {
  return spec.response.decode(reader, version) as Decoded<MessageType<Res>>
}

/** Fills in the size, which was left open at the very beginning. */
function sized(writer: Writer): Part[] {
  const length = writer.length
  const parts = writer.finish()
  const first = parts[0]
  if (!(first instanceof Uint8Array)) throw new CodecError('a frame that does not begin with its size')
  Buffer.from(first.buffer, first.byteOffset, SIZE_BYTES).writeInt32BE(length - SIZE_BYTES, 0)
  return parts
}

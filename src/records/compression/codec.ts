import { KcliError } from '../../base/errors.ts'
import { InvalidBatchError } from '../errors.ts'

/** The codec ids of Kafka's batch attributes (org.apache.kafka.common.record.CompressionType). */
export type CodecId = 0 | 1 | 2 | 3 | 4
export type CodecName = 'none' | 'gzip' | 'snappy' | 'lz4' | 'zstd'

export interface DecompressOptions {
  /** v0 messages carry LZ4 frames whose header checksum is wrong (KAFKA-3160). */
  readonly ignoreLz4HeaderChecksum?: boolean
}

/** Both directions throw InvalidBatchError for bad bytes and KCLI_CODEC_UNAVAILABLE when a package is missing. */
export interface Codec {
  compress(bytes: Buffer, level?: number): Buffer
  /** Never gives, and never allocates, more than `maxBytes`. The answer may share memory with `bytes`. */
  decompress(bytes: Buffer, maxBytes: number, options?: DecompressOptions): Buffer
  /** The same off the event loop, where the codec can. */
  compressAsync?(bytes: Buffer, level?: number): Promise<Buffer>
  decompressAsync?(bytes: Buffer, maxBytes: number): Promise<Buffer>
}

export function corruptData(codec: CodecName, what: string, cause?: unknown): InvalidBatchError {
  return new InvalidBatchError('corrupt', `bad ${codec} data: ${what}`, { cause })
}

export function tooLarge(codec: CodecName, maxBytes: number): InvalidBatchError {
  return new InvalidBatchError('too-large', `${codec} data is more than ${maxBytes} bytes when decompressed`)
}

/** The platform cannot do it, and the bytes are not to blame: Kafka answers such a producer with an error, not a crash. */
export function codecUnavailable(codec: CodecName, packageName: string): KcliError {
  return new KcliError(
    'KCLI_CODEC_UNAVAILABLE',
    `${codec} needs the package '${packageName}', which does not load here`,
    {
      hint: `Install it with 'npm install ${packageName}', or use another compression type.`,
    },
  )
}

/** Parts of known sum into one buffer; a single part stays where it is. */
export function joinParts(parts: readonly Buffer[]): Buffer {
  const [first] = parts
  return parts.length === 1 && first !== undefined ? first : Buffer.concat(parts)
}

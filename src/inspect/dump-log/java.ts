/** What Java and Scala do with paths, numbers and text, so that the dump is Kafka's to the byte. */
import { isUtf8 } from 'node:buffer'
import path from 'node:path'
import { readInt64 } from '../../base/int64.ts'
import { JavaException } from '../../base/java-exception.ts'

/** A Java long: a number when that holds it exactly, else a bigint. So `===` and `<` compare any two of them. */
export type Long = number | bigint

export function readLong(buffer: Buffer, at: number): Long {
  const nearest = readInt64(buffer, at)
  return Number.isSafeInteger(nearest) ? nearest : buffer.readBigInt64BE(at)
}

/** With Java's overflow. */
export function addLong(a: Long, b: Long): Long {
  const sum = typeof a === 'number' && typeof b === 'number' ? a + b : Number.NaN
  return Number.isSafeInteger(sum) ? sum : toLong(BigInt(a) + BigInt(b))
}

export function toLong(value: bigint): Long {
  const wrapped = BigInt.asIntN(64, value)
  const number = Number(wrapped)
  return Number.isSafeInteger(number) ? number : wrapped
}

/** java.io.File: no doubled slashes, none at the end. */
export function javaPath(text: string): string {
  const single = text.replace(/\/{2,}/g, '/')
  return single.length > 1 && single.endsWith('/') ? single.slice(0, -1) : single
}

/** File.getName. */
export function fileName(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1)
}

/** File.getAbsolutePath, which leaves `..` as it stands. */
export function absolutePath(file: string, workingDir: string): string {
  if (file.startsWith('/')) return file
  return file === '' ? workingDir : javaPath(`${workingDir}/${file}`)
}

/** The file of another suffix beside it. */
export function besides(absolute: string, suffix: string): string {
  return path.posix.join(absolute.slice(0, absolute.lastIndexOf('/')) || '/', firstPart(absolute) + suffix)
}

/** What stands before the first dot of the name: `"a.b".split("\\.")(0)`. */
function firstPart(file: string): string {
  const name = fileName(file)
  if (/^\.*$/.test(name) && name !== '') {
    throw new JavaException('java.lang.ArrayIndexOutOfBoundsException', 'Index 0 out of bounds for length 0')
  }
  return name.split('.', 1)[0] ?? ''
}

/** The offset that the name begins with. */
export function offsetInName(file: string): Long {
  return parseLong(firstPart(file))
}

/** Long.parseLong */
export function parseLong(text: string): Long {
  const value = /^[+-]?\d+$/.test(text) ? BigInt(text.replace('+', '')) : undefined
  if (value === undefined || BigInt.asIntN(64, value) !== value) {
    throw new JavaException('java.lang.NumberFormatException', `For input string: "${text}"`)
  }
  return toLong(value)
}

/** String.split(","): empty pieces at the end are dropped. */
export function splitCommas(text: string): string[] {
  if (text === '') return ['']
  const pieces = text.split(',')
  while (pieces.at(-1) === '') pieces.pop()
  return pieces
}

const REPLACEMENT = '\ufffd'

/**
 * `new String(bytes, UTF_8)`. Java puts one replacement character for a whole surrogate in three bytes, where Node puts
 * three; for other broken sequences it takes as many bytes as could have begun a character.
 */
export function javaUtf8(bytes: Buffer): string {
  if (isUtf8(bytes)) return bytes.toString('utf8')
  let text = ''
  for (let at = 0; at < bytes.length; ) {
    const size = sequenceSize(bytes, at)
    text += size > 0 ? bytes.toString('utf8', at, at + size) : REPLACEMENT
    at += Math.abs(size)
  }
  return text
}

/** Of the character at `at`; negative: so many bytes are no character. */
function sequenceSize(bytes: Buffer, at: number): number {
  const first = bytes[at] as number
  const second = bytes[at + 1]
  if (first < 0x80) return 1
  if (first < 0xc2 || first > 0xf4 || second === undefined || !isContinuation(second)) return -1
  if (first < 0xe0) return 2
  if (first < 0xf0) {
    if (first === 0xe0 && second < 0xa0) return -1
    if (!isContinuation(bytes[at + 2])) return -2
    return first === 0xed && second > 0x9f ? -3 : 3
  }
  if ((first === 0xf0 && second < 0x90) || (first === 0xf4 && second > 0x8f)) return -1
  if (!isContinuation(bytes[at + 2])) return -2
  return isContinuation(bytes[at + 3]) ? 4 : -3
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80
}

/** The order in which Scala 2.13's mutable HashMap and HashSet give their elements: by bucket, then by hash. */
export function scalaHashOrder<T>(items: readonly T[], hashOf: (item: T) => number): T[] {
  let buckets = 16
  items.forEach((_, i) => {
    if (i + 1 >= Math.floor(buckets * 0.75)) buckets *= 2
  })
  const placed = items.map((item) => {
    const hash = hashOf(item)
    const improved = hash ^ (hash >>> 16)
    return { item, improved, bucket: improved & (buckets - 1) }
  })
  return placed.sort((a, b) => a.bucket - b.bucket || a.improved - b.improved).map(({ item }) => item)
}

/** DefaultRecordBatch.incrementSequence in 32 bits, where it overflows as Java does. */
export function incrementSequence(sequence: number, increment: number): number {
  if (sequence > ((0x7fffffff - increment) | 0)) return (increment - ((0x7fffffff - sequence) | 0) - 1) | 0
  return (sequence + increment) | 0
}

/** DefaultRecordBatch.decrementSequence */
export function decrementSequence(sequence: number, decrement: number): number {
  if (sequence < decrement) return (0x7fffffff - ((decrement - sequence) | 0) + 1) | 0
  return (sequence - decrement) | 0
}

import type { Random } from '../../src/base/random.ts'

/** One record of a test, as bytes: what has to come out at the other end. */
export interface HostileRecord {
  readonly partition: number
  /** -1 for none. */
  readonly timestampMs: number
  readonly key: Buffer | null
  readonly value: Buffer | null
  readonly headers: readonly { readonly key: Buffer; readonly value: Buffer | null }[]
}

const TEXTS = [
  '',
  ' ',
  'plain',
  'line\nend\r\n',
  'nul \0 and \u001b[31m',
  'quote " back \\ slash / </script>',
  'grüße 日本 👩‍👩‍👧 \u2028 \u2029',
  '\ufeffbyte order mark',
  'the sign \ufffd itself',
  '-0',
  '1e400',
  '12345678901234567890',
  'null',
  '{"a":1,"a":2,"1":0,"0":-0}',
  '"',
  '\t',
  '%d %s $(x) `y`',
  '__proto__',
  'keyBase64',
]

/** Bytes that are no UTF-8: cut off, overlong, a surrogate as CESU-8 has it, beyond U+10FFFF, and one amid text. */
const NOT_TEXTS = ['80', 'c3', 'c080', 'e282', 'eda080', 'f4908080', 'fffe', '61ff62', '00ff00']

/** What random tests of copies are made of: everything that a text form of records might lose. */
export function hostileBytes(random: Random): Buffer | null {
  const kind = random.int(10)
  if (kind === 0) return null
  if (kind < 5) return Buffer.from(TEXTS[random.int(TEXTS.length)] ?? '')
  if (kind < 8) return Buffer.from(NOT_TEXTS[random.int(NOT_TEXTS.length)] ?? '', 'hex')
  return random.bytes(random.int(kind === 8 ? 12 : 3000))
}

export function hostileRecord(random: Random, partitions: number): HostileRecord {
  const headers = Array.from({ length: random.int(4) === 0 ? random.int(12) : 0 }, () => ({
    key: hostileBytes(random) ?? Buffer.from('again'),
    value: hostileBytes(random),
  }))
  const kind = random.int(8)
  return {
    partition: random.int(partitions),
    timestampMs: kind === 0 ? -1 : kind === 1 ? 0 : 1_700_000_000_000 + random.int(1_000_000) * 1000,
    key: hostileBytes(random),
    value: hostileBytes(random),
    headers,
  }
}

/** As `kcli produce --input ndjson` takes it. All bytes as base64: nothing of what is under test decides what is text. */
export function hostileLine({ partition, timestampMs, key, value, headers }: HostileRecord): string {
  const bytes = (name: string, of: Buffer | null) =>
    of === null ? { [name]: null } : { [`${name}Base64`]: of.toString('base64') }
  return `${JSON.stringify({
    partition,
    timestamp: timestampMs,
    ...(timestampMs === -1 && { timestampType: 'none' }),
    ...bytes('key', key),
    ...bytes('value', value),
    headers: headers.map((header) => ({ ...bytes('key', header.key), ...bytes('value', header.value) })),
  })}\n`
}

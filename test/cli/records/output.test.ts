import { describe, expect, it } from 'vitest'
import { ChunkWriter } from '../../../src/cli/records/chunk-writer.ts'
import type { OutputRecord } from '../../../src/cli/records/json-record.ts'
import { parseDuration, parseRange } from '../../../src/cli/records/offset-grammar.ts'
import { printFields } from '../../../src/cli/records/print-fields.ts'
import { compileTemplate, type RecordWriter } from '../../../src/cli/records/template.ts'

const record: OutputRecord = {
  topic: 'orders',
  partition: 2,
  offset: 41,
  timestampMs: Date.UTC(2024, 1, 14, 10, 0, 0, 7),
  timestampType: 'create',
  key: Buffer.from('k1'),
  value: Buffer.from([0x61, 0xff]),
  headers: [
    { key: 'a', value: Buffer.from('1') },
    { key: 'b', value: null },
  ],
}

function written(write: RecordWriter, of: OutputRecord = record): string {
  const parts: Buffer[] = []
  write(of, (bytes) => parts.push(Buffer.from(bytes)))
  return Buffer.concat(parts).toString('latin1')
}

describe('templates', () => {
  it.each([
    ['%t-%p@%o %k=%v\\n', 'orders-2@41 k1=a\xff\n'],
    ['%v{hex} %v{base64} %k{json}', '61ff Yf8= "k1"'],
    ['%T %K %V %H 100%%', '6 2 2 2 100%'],
    ['%d{iso}|%d', '2024-02-14T10:00:00.007Z|1707904800007'],
    ['%h', 'a=1 b= '],
    ['%h{[%k:%v{hex}]}\\x21', '[a:31][b:]!'],
  ])('%s', (template, expected) => {
    expect(written(compileTemplate(template))).toBe(expected)
  })

  it('shows null as nothing, with the length -1', () => {
    expect(written(compileTemplate('<%k%v>%K%V'), { ...record, key: null, value: null })).toBe('<>-1-1')
  })

  it.each(['%q', '%v{rot13}', '%p{hex}', '%k{', '%'])('refuses %s', (template) => {
    expect(() => compileTemplate(template)).toThrow(/--format/)
  })
})

describe('printed fields', () => {
  it('writes them in the order given', () => {
    const write = printFields('offset,key,headers,time,value', Buffer.from('\t'))
    expect(written(write)).toBe('41\tk1\ta=1,b=null\t2024-02-14T10:00:00.007Z\ta\xff\n')
    expect(written(write, { ...record, key: null, headers: [] })).toMatch(/^41\tnull\t\t/)
  })

  it('refuses an unknown field', () => {
    expect(() => printFields('offset,colour', Buffer.from('\t'))).toThrow(/does not know 'colour'/)
  })
})

describe('chunks', () => {
  it('keeps the order over many small and some large pieces, and waits for a slow reader', async () => {
    const got: Buffer[] = []
    let writes = 0
    const sink = {
      isTerminal: false,
      write(bytes: Uint8Array | string) {
        writes++
        const copy = Buffer.from(bytes)
        return Promise.resolve().then(() => {
          got.push(copy)
        })
      },
      flush: async () => undefined,
    }
    const writer = new ChunkWriter(sink)
    const pieces = Array.from({ length: 5000 }, (_, i) =>
      i % 1000 === 999 ? 'x'.repeat(200_000) : `piece ${i};`,
    )
    for (const piece of pieces) {
      writer.add(piece.length % 2 === 0 ? piece : Buffer.from(piece))
      if (writer.waiting) await writer.waiting
    }
    await writer.flush()
    expect(Buffer.concat(got).toString()).toBe(pieces.join(''))
    expect(writes).toBeLessThan(20)
  })

  it('passes on the failure of the sink', async () => {
    const sink = {
      isTerminal: false,
      write: () => Promise.reject(new Error('gone')),
      flush: async () => undefined,
    }
    const writer = new ChunkWriter(sink)
    writer.add('x')
    await expect(writer.flush()).rejects.toThrow('gone')
  })
})

describe('offset ranges', () => {
  const now = Date.UTC(2024, 5, 1)
  it.each([
    ['start', { from: { kind: 'start', plus: 0 } }],
    ['latest', { from: { kind: 'end', minus: 0 } }],
    ['+5', { from: { kind: 'start', plus: 5 } }],
    ['-5', { from: { kind: 'end', minus: 5 } }],
    ['17', { from: { kind: 'offset', offset: 17 } }],
    ['3:7', { from: { kind: 'offset', offset: 3 }, to: { kind: 'offset', offset: 7 } }],
    ['3:+4', { from: { kind: 'offset', offset: 3 }, to: { kind: 'offset', offset: 7 } }],
    [':-2', { from: { kind: 'start', plus: 0 }, to: { kind: 'end', minus: 2 } }],
    ['5:end', { from: { kind: 'offset', offset: 5 }, to: { kind: 'end', minus: 0 } }],
    ['@1700000000', { from: { kind: 'time', timestampMs: 1_700_000_000_000 } }],
    ['@1700000000123', { from: { kind: 'time', timestampMs: 1_700_000_000_123 } }],
    ['@-1h', { from: { kind: 'time', timestampMs: now - 3_600_000 } }],
    ['@2024-05-01T10:00+02:00', { from: { kind: 'time', timestampMs: Date.UTC(2024, 4, 1, 8) } }],
    [
      '@2024-05-01T10:00+02:00:1h30m',
      {
        from: { kind: 'time', timestampMs: Date.UTC(2024, 4, 1, 8) },
        to: { kind: 'time', timestampMs: Date.UTC(2024, 4, 1, 9, 30) },
      },
    ],
    [
      '@2024-05-01:@2024-05-02T00:00:00Z',
      {
        from: { kind: 'time', timestampMs: Date.UTC(2024, 4, 1) },
        to: { kind: 'time', timestampMs: Date.UTC(2024, 4, 2) },
      },
    ],
  ])('%s', (text, expected) => {
    expect(parseRange(text, now)).toEqual(expected)
  })

  it.each(['', 'x', '1:2:3', '1:', '@', '@2024-05-01T10:00', '@1h', '--5', '5000000000000000'])(
    'refuses %j',
    (text) => {
      expect(() => (text === '' ? parseRange('?', now) : parseRange(text, now))).toThrow(/is no|has no/)
    },
  )

  it('reads durations', () => {
    expect(parseDuration('1h30m5s250ms')).toBe(5_405_250)
    expect(parseDuration('5')).toBeUndefined()
  })
})

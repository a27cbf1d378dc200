import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { readOffsetsFile, writeOffsetsFile } from '../../../src/cli/services/groups/offsets-file.ts'
import { parseResetTo } from '../../../src/cli/services/groups/reset-target.ts'
import { isInScope, parseScopes } from '../../../src/cli/services/groups/scope.ts'

const NOW = Date.parse('2024-02-14T10:00:00Z')
const dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-reset-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

describe('where to', () => {
  it.each([
    [{ to: 'earliest' }, { kind: 'point', point: { kind: 'start', plus: 0 } }],
    [{ to: '-5' }, { kind: 'point', point: { kind: 'end', minus: 5 } }],
    [{ to: 'current' }, { kind: 'current' }],
    [{ to: '@-1h' }, { kind: 'point', point: { kind: 'time', timestampMs: NOW - 3_600_000 } }],
    [{ 'by-duration': 'P1DT1H' }, { kind: 'point', point: { kind: 'time', timestampMs: NOW - 90_000_000 } }],
    [{ 'by-duration': '30m' }, { kind: 'point', point: { kind: 'time', timestampMs: NOW - 1_800_000 } }],
    [
      { 'to-datetime': '2024-02-14T09:00:00.000' },
      { kind: 'point', point: { kind: 'time', timestampMs: NOW - 3_600_000 } },
    ],
    [{ 'shift-by': -3 }, { kind: 'shift', by: -3 }],
    [{ 'to-group': 'other' }, { kind: 'group', groupId: 'other' }],
  ] as const)('%j', (flags, expected) => {
    expect(parseResetTo(flags, undefined, NOW)).toEqual(expected)
  })

  it.each([[{}], [{ to: 'earliest', 'to-latest': true }], [{ 'by-duration': 'P' }], [{ to: 'soon' }]])(
    'is a mistake: %j',
    (flags) => {
      expect(() => parseResetTo(flags, undefined, NOW)).toThrow(
        expect.objectContaining({ code: 'KCLI_USAGE' }),
      )
    },
  )
})

describe('for what', () => {
  it('is a topic, or some of its partitions', () => {
    const scopes = parseScopes(['orders:0,2-4', 'x'])
    const named = (topic: string, partition: number) => isInScope({ topic, partition }, scopes)
    expect([named('orders', 3), named('orders', 1), named('x', 9), named('y', 0)]).toEqual([
      true,
      false,
      true,
      false,
    ])
    expect(isInScope({ topic: 'y', partition: 0 }, [])).toBe(true)
    for (const wrong of ['orders:', ':1', 'orders:a'])
      expect(() => parseScopes([wrong])).toThrow(expect.objectContaining({ code: 'KCLI_USAGE' }))
  })
})

describe('a file of offsets', () => {
  const file = (name: string) => path.join(dir, name)

  it('is read as it was written', () => {
    const offsets = [
      { group: 'g', topic: 'orders', partition: 0, offset: 12 },
      { group: 'with, comma "and quotes"', topic: 'orders', partition: 1, offset: null },
    ]
    writeOffsetsFile(file('back.csv'), offsets)
    expect(readFileSync(file('back.csv'), 'utf8').split('\n')[0]).toBe('g,orders,0,12')
    expect(readOffsetsFile(file('back.csv'))).toEqual(offsets)
    expect(() => writeOffsetsFile(file('back.csv'), offsets)).toThrow('is there already')
  })

  it('may be one of kafka-consumer-groups', () => {
    writeFileSync(file('kafka.csv'), 'orders,0,5\r\n"a-topic-with-a-name-longer-than-others",1,6\n\n')
    expect(readOffsetsFile(file('kafka.csv'))).toEqual([
      { group: undefined, topic: 'orders', partition: 0, offset: 5 },
      { group: undefined, topic: 'a-topic-with-a-name-longer-than-others', partition: 1, offset: 6 },
    ])
  })

  it.each(['', 'orders,0', 'orders,x,5', 'orders,0,-2', ',0,5', 'a,b,orders,0,5'])(
    'is refused: %j',
    (text) => {
      writeFileSync(file('bad.csv'), text)
      expect(() => readOffsetsFile(file('bad.csv'))).toThrow(expect.objectContaining({ code: 'KCLI_USAGE' }))
    },
  )
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { compileFilter } from '../../../src/cli/filter/compile.ts'
import { parseFilter } from '../../../src/cli/filter/parser.ts'
import { BoundedPattern, repetitions } from '../../../src/cli/filter/patterns.ts'
import { FilterSyntaxError } from '../../../src/cli/filter/syntax-error.ts'
import type { OutputRecord } from '../../../src/cli/records/json-record.ts'
import { hostileRecord } from '../../support/hostile-records.ts'
import { testRandom } from '../../support/seed.ts'

const NOW = Date.UTC(2024, 5, 1, 12)
const HOUR = 3_600_000

const order = record({
  key: 'customer-7',
  value: JSON.stringify({
    id: 41,
    status: 'open',
    paid: false,
    note: null,
    'is urgent': true,
    customer: { id: 'c7', name: 'Ann', tags: ['new', 'vip', 3] },
    items: [{ price: 9.5 }, { price: 120, sku: 'A-1' }],
    created: '2024-06-01T11:30:00+00:00',
    in: 1,
  }),
  headers: {
    trace: 'abc',
    'content-type': 'application/json',
    retries: '3',
    none: null,
    ctx: '{"user":"ann"}',
  },
})

function record(of: {
  key?: string | Buffer | null
  value?: string | Buffer | null
  headers?: Record<string, string | null>
  timestampMs?: number
}): OutputRecord {
  const bytes = (text: string | Buffer | null | undefined) =>
    text === null || text === undefined ? null : Buffer.from(text)
  return {
    topic: 'orders',
    partition: 2,
    offset: 41,
    timestampMs: of.timestampMs ?? NOW - HOUR / 2,
    key: bytes(of.key),
    value: bytes(of.value),
    headers: Object.entries(of.headers ?? {}).map(([key, value]) => ({ key, value: bytes(value) })),
  }
}

const matches = (text: string, of = order) => compileFilter(text, NOW)(of)

describe('an expression', () => {
  it.each([
    // Fields of the record.
    ['partition == 2', true],
    ['partition = 3', false],
    ['2 < partition', false],
    ['offset>=41&&offset<42', true],
    ['partition in [0, 2]', true],
    ['partition not in (0, 2)', false],
    ['topic == "orders"', true],
    ['topic matches /^ord/', true],
    ['size > 100 and size < 1e3', true],
    // Times.
    ['timestamp > -1h', true],
    ['timestamp > -10m', false],
    ['timestamp <= now', true],
    ['timestamp >= 2024-06-01', true],
    ['timestamp < 2024-06-01T11:00:00Z', false],
    ['timestamp > "2024-06-01T13:00:00+02:00"', true],
    [`timestamp == ${NOW - HOUR / 2}`, true],
    ['timestamp == null', false],
    ['value.created > -1h', true],
    ['value.created > -29m', false],
    // Bytes as text, and as numbers.
    ['key == "customer-7"', true],
    ["key != 'customer-7'", false],
    ['key starts with "customer-" and key ends with "7"', true],
    ['key not starts with "c"', false],
    ['key > "customer-6"', true],
    ['value contains "vip"', true],
    ['headers.retries >= 3', true],
    ['headers.retries == 3.0', true],
    ['headers.retries > "29"', true],
    ['headers["content-type"] == "application/json"', true],
    ['headers.content-type ends with json', 'error'],
    ['headers.trace in ["xyz", "abc"]', true],
    ['headers.none == null', true],
    ['headers.none exists', true],
    ['headers.missing exists', false],
    ['headers.missing == null', false],
    ['headers.ctx.user == "ann"', true],
    // Decoded JSON.
    ['value.id == 41', true],
    ['value.id == "41"', false],
    ['value.id != "41"', true],
    ['value.customer.id == "c7"', true],
    ['value.items[1].price > 100', true],
    ['value.items[-1].sku == "A-1"', true],
    ['value.items[2].price > 0', false],
    ['value["is urgent"]', true],
    ['value.paid', false],
    ['!value.paid', true],
    ['value.paid == false', true],
    ['value.note == null', true],
    ['value.note exists', true],
    ['value.note != null', false],
    ['value.customer.tags contains "vip"', true],
    ['value.customer.tags contains 3', true],
    ['value.customer.tags contains "vi"', false],
    ['value.customer.name contains "nn"', true],
    ['value.customer.name starts with "A"', true],
    ['value.items == value.items', true],
    ['value.items == value.customer', false],
    ['value.in == 1', true],
    ['value.customer exists and not value.customer.age exists', true],
    ['value.__proto__ exists', false],
    ['value.constructor exists', false],
    ['value.items.length exists', false],
    ['key == value.customer.id', false],
    ['value.customer.id == key', false],
    ['headers.ctx.user != value.customer.name', true],
    // What is not there is neither equal nor different.
    ['value.missing == 1', false],
    ['value.missing != 1', false],
    ['value.missing < 1', false],
    ['value.missing == value.missing', false],
    ['not value.missing == 1', true],
    // Patterns.
    ['value.customer.name matches /^a/i', true],
    ['value.customer.name =~ /^a/', false],
    ['key matches /^customer-\\d+$/', true],
    ['key matches /[/]/', false],
    ['value.id matches /^4/', true],
    // How tight words bind.
    ['partition == 0 or partition == 2 and offset == 0', false],
    ['(partition == 0 or partition == 2) and offset == 41', true],
    ['not partition == 0 and offset == 41', true],
    ['not (partition == 2 or offset == 0)', false],
    ['NOT partition == 2 || !(offset == 0)', true],
    ['partition <> 3 AND key EXISTS', true],
    // Texts.
    ['key == "customer\\u002d7"', true],
    ["key contains '\"'", false],
    ['key == "customer-7" and value.status in ["open", "new"]', true],
  ])('%s', (text, expected) => {
    if (expected === 'error') expect(() => matches(text)).toThrow(FilterSyntaxError)
    else expect(matches(text)).toBe(expected)
  })

  it('takes what is no JSON for something with nothing inside', () => {
    for (const value of ['plain', '', '{"a":', '[1', '41', null, Buffer.from([0xff])]) {
      expect(matches('value.a == 1', record({ value }))).toBe(false)
      expect(matches('value.a != 1', record({ value }))).toBe(false)
      expect(matches('value.a exists', record({ value }))).toBe(false)
    }
  })

  it('tells null from empty, and neither from text', () => {
    const empty = record({ key: '', value: null })
    expect(matches('key exists and key == ""', empty)).toBe(true)
    expect(matches('value == null and not value exists', empty)).toBe(true)
    expect(matches('value == ""', empty)).toBe(false)
    expect(matches('value == "null"', empty)).toBe(false)
    expect(matches('timestamp == null', record({ timestampMs: -1 }))).toBe(true)
    expect(matches('timestamp < now', record({ timestampMs: -1 }))).toBe(false)
  })

  it('compares bytes, so that what is no text keeps its order', () => {
    const raw = record({ key: Buffer.from([0xff]) })
    expect(matches('key > "z"', raw)).toBe(true)
    expect(matches('key == "\ufffd"', raw)).toBe(false)
  })

  it('takes the last of several headers', () => {
    const headers = ['1', '2'].map((text) => ({ key: 'n', value: Buffer.from(text) }))
    expect(matches('headers.n == 2', { ...order, headers })).toBe(true)
  })

  it('decodes a value once, whatever is asked of it, and not when nobody asks', () => {
    let decoded = 0
    const parse = JSON.parse
    JSON.parse = (text: string) => {
      decoded++
      return parse(text)
    }
    try {
      matches('value.id == 41 and value.status == "open" or value.a.b.c exists')
      expect(decoded).toBe(1)
      matches('value contains "x" and value.id == 41')
      expect(decoded).toBe(1)
    } finally {
      JSON.parse = parse
    }
  })
})

describe('a mistake', () => {
  it.each([
    ['', 1, /no expression/],
    ['value.a ==', 11, /missing here/],
    ['value.a == and offset > 5', 12, /missing before 'and'/],
    ['key', 4, /a comparison is missing/],
    ['5', 2, /a comparison is missing/],
    ['kye == "a"', 1, /no field 'kye'/],
    ['key == abc', 8, /no field 'abc'/],
    ['key == "abc', 8, /no " at its end/],
    ['partition == "2"', 14, /partition is a number/],
    ['partition contains "2"', 11, /partition is a number/],
    ['offset == null', 11, /never null/],
    ['partition.x == 1', 1, /nothing inside/],
    ['headers exists', 1, /which header/],
    ['key matches "x"', 13, /regular expression is missing/],
    ['key matches /(/', 13, /makes no sense: Unterminated group/],
    ['key matches /x', 13, /no \/ at its end/],
    ['key matches /x/g', 13, /flag of 'g'/],
    ['key === "a"', 5, /there is no ===/],
    ['key == "a" & offset > 1', 12, /'&' has no meaning/],
    ['key == "a" offset > 1', 12, /does not follow/],
    ['(key == "a"', 12, /\) is missing/],
    ['key in "a"', 8, /a list such as/],
    ['partition in [1, "x"]', 18, /partition is a number/],
    ['partition in [offset]', 15, /a list holds values/],
    ['1 == 2', 3, /two values/],
    ['timestamp > "yesterday"', 13, /is no time/],
    ['timestamp > 2024-06-01T10:00:00', 13, /is no time/],
    ['timestamp > 2024-13-01', 13, /is no time/],
    ['offset > 5m', 10, /'5m' is no number/],
    ['value.id == 12345678901234567890', 13, /too large/],
    ['key starts "a"', 12, /'with' is missing/],
    ['value. == 1', 8, /name is missing behind the dot/],
    ['value[x] == 1', 7, /name in quotes or a number/],
    [`${'('.repeat(2000)}key exists`, 102, /more than 100 brackets/],
    [`${'not '.repeat(70_000)}key exists`, 65_537, /at most 65536/],
  ])('%s', (text, column, message) => {
    let failure: unknown
    try {
      parseFilter(text, NOW)
    } catch (error) {
      failure = error
    }
    expect(failure).toBeInstanceOf(FilterSyntaxError)
    const { message: said, hint = '' } = failure as FilterSyntaxError
    expect(said).toMatch(message)
    expect(said).toContain(`--filter, column ${column}:`)
    expect(hint.split('\n')[1]).toMatch(/^ +\^$/)
  })

  it('is shown beneath the expression, and what to do', () => {
    expect(() => parseFilter('key == "a" and kye == "b"', NOW)).toThrow(
      expect.objectContaining({
        hint: '  key == "a" and kye == "b"\n                 ^\nIs it key? What lies in JSON is written value.kye, text stands in quotes: "kye".',
      }),
    )
  })
})

describe('a regular expression that tries too much', () => {
  it.each([
    ['^abc$', 0],
    ['a.*b', 1],
    ['^\\w+@[a+*]+\\.\\*$', 2],
    ['a{3}b{2,}', 1],
    ['(?:a|b)c', 0],
    ['(?<year>\\d{4})\\p{L}+', 1],
    ['(a+)+', Number.POSITIVE_INFINITY],
    ['(a|a)*', Number.POSITIVE_INFINITY],
    ['(.*)\\1', Number.POSITIVE_INFINITY],
  ])('%s repeats %d parts', (source, count) => {
    expect(repetitions(source)).toBe(count)
  })

  it('ends after a second, naming the record', () => {
    const hostile = record({ value: `${'a'.repeat(50)}!` })
    expect(() => matches('value matches /^(a+)+$/', hostile)).toThrow(/\(a\+\)\+.*orders-2@41/)
    expect(new BoundedPattern(/^(a+)+$/u).test('aaaa')).toBe(true)
    expect(new BoundedPattern(/a.*b.*c.*d.*e.*f$/u).test('a'.repeat(100))).toBe(false)
  })
})

describe('whatever is written', () => {
  const word = fc.constantFrom(
    ...[
      'key',
      'value',
      'headers',
      '.',
      '[',
      ']',
      '(',
      ')',
      'a',
      '"x"',
      "'",
      '"',
      '/r+/',
      '/',
      '5',
      '-1h',
      '1.5e3',
    ],
    ...[
      '==',
      '!=',
      '<',
      '>=',
      '=',
      '&&',
      '||',
      '!',
      'and',
      'or',
      'not',
      'in',
      'contains',
      'starts',
      'with',
      'matches',
    ],
    ...[
      'exists',
      'null',
      'true',
      'now',
      ',',
      ' ',
      '\\',
      '\u{1f600}',
      '\ud800',
      '\0',
      '2024-05-01',
      'timestamp',
      'size',
    ],
  )
  const text = fc.oneof(
    fc.array(word, { maxLength: 30 }).map((words) => words.join(' ')),
    fc.array(word, { maxLength: 12 }).map((words) => words.join('')),
    fc.string({ unit: 'binary', maxLength: 40 }),
  )

  it('is an expression or a mistake with its place, and an expression never fails on a record', () => {
    const { random } = testRandom()
    const records = Array.from({ length: 20 }, (_, offset): OutputRecord => {
      const { headers, ...rest } = hostileRecord(random, 3)
      return {
        topic: 't',
        offset,
        ...rest,
        headers: headers.map((h) => ({ key: h.key.toString(), value: h.value })),
      }
    })
    const property = fc.property(text, (expression) => {
      let filter: ReturnType<typeof compileFilter>
      try {
        filter = compileFilter(expression, NOW)
      } catch (error) {
        expect(error).toBeInstanceOf(FilterSyntaxError)
        const { at } = error as FilterSyntaxError
        expect(at).toBeGreaterThanOrEqual(0)
        expect(at).toBeLessThanOrEqual(expression.length)
        return
      }
      for (const one of [order, ...records]) expect(typeof filter(one)).toBe('boolean')
    })
    fc.assert(property, { numRuns: 5000 })
  })

  it('means what its parts mean', () => {
    const part = fc.constantFrom(
      ...[
        'partition == 2',
        'offset > 50',
        'key starts with "c"',
        'value.id < 41',
        'value.paid',
        'value.x != 1',
      ],
      ...[
        'headers.trace exists',
        'value matches /vip/',
        'timestamp > -1h',
        'value.items[0].price in [9.5, 1]',
      ],
    )
    const property = fc.property(part, part, part, (a, b, c) => {
      const [x, y, z] = [matches(a), matches(b), matches(c)]
      expect(matches(`${a} and ${b} or not ${c}`)).toBe((x && y) || !z)
      expect(matches(`${a} or ${b} and !(${c})`)).toBe(x || (y && !z))
      expect(matches(`not (${a} or ${b}) and ${c}`)).toBe(!(x || y) && z)
    })
    fc.assert(property)
  })
})

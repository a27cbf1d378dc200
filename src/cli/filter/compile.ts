import { isDeepStrictEqual } from 'node:util'
import { KcliError } from '../../base/errors.ts'
import type { OutputRecord } from '../records/json-record.ts'
import type { Condition, Field, Literal, Operand, Operator } from './ast.ts'
import { parseFilter } from './parser.ts'
import { BoundedPattern } from './patterns.ts'
import { Fields, numberOf, textOf, timeOf, type Value } from './values.ts'

/** Whether a record is wanted. Throws a KcliError when a regular expression takes too long. */
export type RecordFilter = (record: OutputRecord) => boolean

type Test = (value: Value) => boolean

/**
 * Compiles an expression of `--filter` (docs/filter.md) to one closure; nothing of it is evaluated as code. `nowMs` is what
 * `-1h` counts from. Throws a usage error that shows what is wrong, and where.
 */
export function compileFilter(text: string, nowMs: number): RecordFilter {
  return new Compiler().condition(parseFilter(text, nowMs))
}

class Compiler {
  private readonly fields = new Fields()

  condition(of: Condition): RecordFilter {
    switch (of.kind) {
      case 'and': {
        const parts = of.parts.map((part) => this.condition(part))
        return (record) => parts.every((part) => part(record))
      }
      case 'or': {
        const parts = of.parts.map((part) => this.condition(part))
        return (record) => parts.some((part) => part(record))
      }
      case 'not': {
        const inner = this.condition(of.of)
        return (record) => !inner(record)
      }
      case 'compare':
        return this.comparison(of.operator, of.left, of.right)
      case 'in': {
        const tests = of.list.map(equalTo)
        return this.about(of.of, (value) => tests.some((test) => test(value)))
      }
      case 'matches':
        return this.matches(of.of, new BoundedPattern(of.pattern))
      case 'exists':
        return this.about(of.of, existsIn(of.of))
      case 'holds':
        return this.about(of.of, equalTo({ value: true, isTime: false }))
    }
  }

  private about(field: Field, test: Test): RecordFilter {
    const read = this.fields.reader(field)
    return (record) => test(read(record))
  }

  private comparison(operator: Operator, left: Operand, right: Operand): RecordFilter {
    if (left.kind === 'literal') throw new Error('the parser puts fields first')
    if (right.kind === 'literal') return this.about(left, testOf(operator, right))
    const one = this.fields.reader(left)
    const other = this.fields.reader(right)
    return (record) => {
      const value = other(record)
      return value !== undefined && testOf(operator, { value, isTime: false })(one(record))
    }
  }

  private matches(field: Field, pattern: BoundedPattern): RecordFilter {
    const read = this.fields.reader(field)
    return (record) => {
      const text = textOf(read(record))
      if (text === undefined) return false
      return pattern.test(text) ?? tooSlow(pattern, record)
    }
  }
}

function tooSlow({ pattern }: BoundedPattern, { topic, partition, offset }: OutputRecord): never {
  throw new KcliError(
    'KCLI_FILTER_SLOW',
    `/${pattern.source}/ takes longer than a second for ${topic}-${partition}@${offset}`,
    {
      hint: 'Repetitions within others, such as (a+)+, try every way to split the text: say it with one.',
    },
  )
}

/** A key or value that is null is not there; a header or a JSON field may be there and be null. */
function existsIn({ root, path }: Field): Test {
  const isWhole = path.length === 0 && root !== 'header'
  return isWhole ? (value) => value !== undefined && value !== null : (value) => value !== undefined
}

/** What is compared with: of a literal, or of another field. */
interface Wanted {
  readonly value: Value
  readonly isTime: boolean
}

/** What is not there is neither equal nor different, neither smaller nor larger. */
function testOf(operator: Operator, wanted: Wanted | Literal): Test {
  switch (operator) {
    case '==':
      return equalTo(wanted)
    case '!=': {
      const isEqual = equalTo(wanted)
      return (value) => value !== undefined && !isEqual(value)
    }
    case 'contains':
      return containing(wanted)
    case 'starts with':
    case 'ends with':
      return atEdge(operator, wanted.value)
    default: {
      const order = orderOf(wanted)
      switch (operator) {
        case '<':
          return (value) => order(value) < 0
        case '<=':
          return (value) => order(value) <= 0
        case '>':
          return (value) => order(value) > 0
        case '>=':
          return (value) => order(value) >= 0
      }
    }
  }
}

/** Bytes are compared as bytes; with a number, as the number that they spell. */
function equalTo({ value: wanted, isTime }: Wanted): Test {
  if (isTime) return (value) => timeOf(value) === wanted
  if (wanted instanceof Buffer) {
    const text = wanted.toString('utf8')
    const number = numberOf(wanted)
    return (value) => {
      if (value instanceof Buffer) return value.equals(wanted)
      return typeof value === 'number' ? value === number : textOf(value) === text
    }
  }
  switch (typeof wanted) {
    case 'string': {
      const bytes = Buffer.from(wanted)
      return (value) => (value instanceof Buffer ? value.equals(bytes) : value === wanted)
    }
    case 'number':
      return (value) => numberOf(value) === wanted
    case 'boolean':
      return (value) => value === wanted || (value instanceof Buffer && textOf(value) === String(wanted))
    default:
      return wanted === null || wanted === undefined
        ? (value) => value === wanted
        : (value) => isDeepStrictEqual(value, wanted)
  }
}

/** Below zero when the value comes first; NaN, with which no comparison holds, when they have no order. */
function orderOf({ value: wanted, isTime }: Wanted): (value: Value) => number {
  if (isTime) return (value) => timeOf(value) - Number(wanted)
  if (typeof wanted === 'number') return (value) => numberOf(value) - wanted
  if (wanted instanceof Buffer || typeof wanted === 'string') {
    const bytes = Buffer.from(wanted)
    const number = numberOf(bytes)
    return (value) => {
      if (typeof value === 'number') return wanted instanceof Buffer ? value - number : Number.NaN
      if (value instanceof Buffer) return Buffer.compare(value, bytes)
      return typeof value === 'string' ? Buffer.compare(Buffer.from(value), bytes) : Number.NaN
    }
  }
  return () => Number.NaN
}

/** Text within text, an element in a list. */
function containing(wanted: Wanted): Test {
  const isEqual = equalTo(wanted)
  const text = textOf(wanted.value)
  const bytes =
    wanted.value instanceof Buffer ? wanted.value : text === undefined ? undefined : Buffer.from(text)
  return (value) => {
    if (Array.isArray(value)) return value.some(isEqual)
    if (text === undefined || bytes === undefined) return false
    return value instanceof Buffer ? value.includes(bytes) : typeof value === 'string' && value.includes(text)
  }
}

function atEdge(edge: 'starts with' | 'ends with', wanted: Value): Test {
  const text = textOf(wanted)
  if (text === undefined) return () => false
  const bytes = wanted instanceof Buffer ? wanted : Buffer.from(text)
  const isStart = edge === 'starts with'
  return (value) => {
    if (value instanceof Buffer) {
      const part = isStart
        ? value.subarray(0, bytes.length)
        : value.subarray(Math.max(0, value.length - bytes.length))
      return part.equals(bytes)
    }
    return typeof value === 'string' && (isStart ? value.startsWith(text) : value.endsWith(text))
  }
}

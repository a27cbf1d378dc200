import { nearestName } from '../../base/edit-distance.ts'
import { tryTime } from '../records/offset-grammar.ts'
import {
  type Condition,
  type Field,
  isNumberField,
  type Literal,
  NUMBER_FIELDS,
  type Operand,
  type Operator,
  type Root,
  TEXT_FIELDS,
} from './ast.ts'
import { FilterSyntaxError } from './syntax-error.ts'
import { type Token, tokenize } from './tokens.ts'

const MAX_LENGTH = 65_536
/** Brackets and nots within each other. */
const MAX_DEPTH = 100
const FIELDS = [...TEXT_FIELDS, ...NUMBER_FIELDS, 'headers']
const WORDS = ['and', 'or', 'not', 'in', 'contains', 'starts', 'ends', 'with', 'matches', 'exists'] as const
type Word = (typeof WORDS)[number]
const OPERATORS: Readonly<Record<string, Operator>> = {
  '==': '==',
  '=': '==',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}
const MIRRORED: Readonly<Partial<Record<Operator, Operator>>> = {
  '==': '==',
  '!=': '!=',
  '<': '>',
  '<=': '>=',
  '>': '<',
  '>=': '<=',
}

/**
 * Reads an expression. From loose to tight: `or`, `and`, `not`, comparisons. Throws {@link FilterSyntaxError}, a
 * {@link UsageError} that shows the place.
 */
export function parseFilter(text: string, nowMs: number): Condition {
  if (text.length > MAX_LENGTH)
    throw new FilterSyntaxError(text, MAX_LENGTH, `an expression has at most ${MAX_LENGTH} characters`)
  return new Parser(text, nowMs).parse()
}

class Parser {
  private readonly text: string
  private readonly nowMs: number
  private readonly tokens: readonly Token[]
  private index = 0
  private depth = 0

  constructor(text: string, nowMs: number) {
    this.text = text
    this.nowMs = nowMs
    this.tokens = tokenize(text, nowMs)
  }

  parse(): Condition {
    if (this.token.kind === 'end') this.fail('there is no expression')
    const condition = this.or()
    const { token } = this
    if (token.kind !== 'end')
      this.fail(
        `'${token.text}' does not follow from what stands before it`,
        token.kind === 'name' || token.kind === 'text'
          ? 'Is there an `and`, an `or` or quotes missing?'
          : undefined,
      )
    return condition
  }

  private get token(): Token {
    return this.tokens[Math.min(this.index, this.tokens.length - 1)] as Token
  }

  private take(): Token {
    const { token } = this
    this.index++
    return token
  }

  private or(): Condition {
    return this.chain('or', '||', () => this.and())
  }

  private and(): Condition {
    return this.chain('and', '&&', () => this.not())
  }

  private chain(kind: 'and' | 'or', symbol: string, part: () => Condition): Condition {
    const first = part()
    const parts = [first]
    while (this.skipSymbol(symbol) || this.skipWord(kind)) parts.push(part())
    return parts.length === 1 ? first : { kind, parts }
  }

  private not(): Condition {
    if (!this.skipSymbol('!') && !this.skipWord('not')) return this.atom()
    return { kind: 'not', of: this.deeper(() => this.not()) }
  }

  private atom(): Condition {
    if (!this.skipSymbol('(')) return this.comparison()
    const inner = this.deeper(() => this.or())
    this.needSymbol(')')
    return inner
  }

  private deeper<T>(inside: () => T): T {
    if (++this.depth > MAX_DEPTH) this.fail(`nothing may lie in more than ${MAX_DEPTH} brackets`)
    const result = inside()
    this.depth--
    return result
  }

  private comparison(): Condition {
    const left = this.operand()
    const { token } = this
    const isNegated = this.skipWord('not')
    const condition = this.relation(left, token)
    return isNegated ? { kind: 'not', of: condition } : condition
  }

  private relation(left: Operand, operator: Token): Condition {
    if (this.skipWord('exists')) return { kind: 'exists', of: this.asField(left, operator) }
    if (this.skipSymbol('=~') || this.skipWord('matches')) return this.matches(this.asText(left, operator))
    if (this.skipWord('in')) return this.isIn(this.asField(left, operator))
    const found = this.operator()
    if (found !== undefined) return this.compare(found, left, operator)
    if (operator.kind === 'name' && isWord(operator.text, 'not'))
      this.fail('behind `not` comes in, contains, matches …')
    if (left.kind === 'literal') this.fail('a comparison is missing', undefined, this.token)
    if (isNumberField(left) || (left.path.length === 0 && left.root !== 'header'))
      this.fail(
        'a comparison is missing',
        'Such as: == "text", > 5, contains "text", starts with "text", matches /x.*/, in ["a", "b"], exists',
        this.token,
      )
    return { kind: 'holds', of: left }
  }

  private operator(): Operator | undefined {
    const { token } = this
    const symbol = token.kind === 'symbol' ? OPERATORS[token.text] : undefined
    if (symbol !== undefined) {
      this.index++
      // `===` is `==` and `=`.
      const { token: next } = this
      if (next.kind === 'symbol' && next.text === '=' && next.at === token.end)
        this.fail(`there is no ${token.text}=`, 'Write == or !=.', token)
      return symbol
    }
    if (this.skipWord('contains')) return 'contains'
    const place = (['starts', 'ends'] as const).find((word) => this.skipWord(word))
    if (place === undefined) return undefined
    if (!this.skipWord('with')) this.fail(`'with' is missing behind '${place}'`)
    return `${place} with`
  }

  private compare(operator: Operator, left: Operand, at: Token): Condition {
    const right = this.operand()
    const mirrored = MIRRORED[operator]
    if (left.kind === 'literal') {
      if (right.kind === 'literal') this.fail('two values are compared, and no field', undefined, at)
      if (mirrored === undefined) this.fail(`a field stands before '${operator}'`, undefined, at)
      return this.typed(mirrored, right, left)
    }
    if (mirrored === undefined) this.asText(left, at)
    return right.kind === 'field'
      ? { kind: 'compare', operator, left, right }
      : this.typed(operator, left, right)
  }

  /** A number is never equal to a text: rather than never finding anything, say so. */
  private typed(operator: Operator, left: Field, right: Literal): Condition {
    return { kind: 'compare', operator, left, right: this.fitting(left, right) }
  }

  private fitting(field: Field, literal: Literal): Literal {
    const { value, at } = literal
    const fail = (message: string, advice?: string): never => {
      throw new FilterSyntaxError(this.text, at, message, advice)
    }
    if (field.root === 'timestamp' && typeof value === 'string') {
      const timeMs = tryTime(value, this.nowMs)
      if (timeMs === undefined)
        return fail(`'${value}' is no time`, 'Times are -1h, 2024-05-01, 2024-05-01T10:00:00Z.')
      return { ...literal, value: timeMs, isTime: true }
    }
    if (!isNumberField(field)) return literal
    if (typeof value === 'string' || typeof value === 'boolean')
      return fail(`${field.root} is a number`, `Such as: ${field.root} == 5`)
    if (value === null && field.root !== 'timestamp') return fail(`${field.root} is never null`)
    return literal
  }

  private isIn(of: Field): Condition {
    const isRound = this.skipSymbol('(')
    if (!isRound) this.needSymbol('[', 'a list such as ["a", "b"]')
    const end = isRound ? ')' : ']'
    const list: Literal[] = []
    while (!this.skipSymbol(end)) {
      if (list.length > 0) this.needSymbol(',', `, or ${end}`)
      const item = this.operand()
      if (item.kind === 'field')
        this.fail('a list holds values, no fields', undefined, this.tokens[this.index - 1])
      list.push(this.fitting(of, item))
    }
    return { kind: 'in', of, list }
  }

  private matches(of: Field): Condition {
    const token = this.take()
    if (token.kind !== 'regex')
      this.fail('a regular expression is missing', 'Such as: value matches /^order-\\d+$/i', token)
    if (/[^ims]/.test(token.flags))
      this.fail(`a flag of '${token.flags}' is not known`, 'There are i, m and s.', token)
    try {
      return { kind: 'matches', of, pattern: new RegExp(token.text, `${token.flags}u`) }
    } catch (error) {
      // `Invalid regular expression: /…/u: Unterminated group`
      const reason = error instanceof Error ? error.message.split(': ').at(-1) : ''
      return this.fail(`the regular expression makes no sense: ${reason}`, undefined, token)
    }
  }

  private operand(): Operand {
    const token = this.take()
    switch (token.kind) {
      case 'number':
        return { kind: 'literal', at: token.at, value: token.number, isTime: false }
      case 'time':
        return { kind: 'literal', at: token.at, value: token.number, isTime: true }
      case 'text':
        return { kind: 'literal', at: token.at, value: token.text, isTime: false }
      case 'name':
        return this.named(token)
      default: {
        const found = token.kind === 'end' ? '' : `, '${token.text}' is none`
        return this.fail(`a field or a value is missing here${found}`, undefined, token)
      }
    }
  }

  private named(token: Token): Operand {
    const word = token.text.toLowerCase()
    const constants: Readonly<Record<string, boolean | null>> = { true: true, false: false, null: null }
    if (Object.hasOwn(constants, word) && !this.isStep())
      return { kind: 'literal', at: token.at, value: constants[word] ?? null, isTime: false }
    if (token.text === 'headers') return this.header(token)
    const root = [...TEXT_FIELDS, ...NUMBER_FIELDS].find((name) => name === token.text)
    if (root === undefined) return this.unknown(token)
    return this.field(token, root)
  }

  private unknown(token: Token): never {
    if (WORDS.some((word) => isWord(token.text, word)))
      this.fail(`a field or a value is missing before '${token.text}'`, undefined, token)
    const nearest = nearestName(token.text, FIELDS)
    const advice = nearest === undefined ? `There are ${FIELDS.join(', ')}.` : `Is it ${nearest}?`
    const inJson = `What lies in JSON is written value.${token.text}`
    return this.fail(
      `there is no field '${token.text}'`,
      nearest === undefined && this.isStep()
        ? `${inJson}.`
        : `${advice} ${inJson}, text stands in quotes: "${token.text}".`,
      token,
    )
  }

  private header(token: Token): Field {
    const name = this.step()
    if (typeof name !== 'string')
      this.fail('which header?', 'Such as headers.trace, or headers["trace.id"].', token)
    return { ...this.field(token, 'header'), name }
  }

  private field(token: Token, root: Root): Field {
    const path: (string | number)[] = []
    for (let step = this.step(); step !== undefined; step = this.step()) path.push(step)
    const hasJson = root === 'key' || root === 'value' || root === 'header'
    if (path.length > 0 && !hasJson) this.fail(`${root} has nothing inside`, undefined, token)
    return { kind: 'field', at: token.at, root, path }
  }

  private isStep(): boolean {
    return this.token.kind === 'symbol' && (this.token.text === '.' || this.token.text === '[')
  }

  /** `.name`, `["name"]` or `[0]`; `[-1]` is the last one. */
  private step(): string | number | undefined {
    if (this.skipSymbol('.')) {
      const name = this.take()
      if (name.kind !== 'name')
        this.fail('a name is missing behind the dot', 'Others go in brackets: value["2nd name"]', name)
      return name.text
    }
    if (!this.skipSymbol('[')) return undefined
    const token = this.take()
    const isIndex = token.kind === 'number' && Number.isInteger(token.number)
    if (!isIndex && token.kind !== 'text')
      this.fail('a name in quotes or a number is missing in the brackets', undefined, token)
    this.needSymbol(']')
    return isIndex ? token.number : token.text
  }

  private asField(operand: Operand, at: Token): Field {
    if (operand.kind === 'field') return operand
    return this.fail(`a field stands before '${at.text}'`, undefined, at)
  }

  private asText(operand: Operand, at: Token): Field {
    const field = this.asField(operand, at)
    if (isNumberField(field)) this.fail(`${field.root} is a number, '${at.text}' is for text`, undefined, at)
    return field
  }

  private skipSymbol(symbol: string): boolean {
    const found = this.token.kind === 'symbol' && this.token.text === symbol
    if (found) this.index++
    return found
  }

  private needSymbol(symbol: string, what = symbol): void {
    if (!this.skipSymbol(symbol)) this.fail(`${what} is missing here`)
  }

  private skipWord(word: Word): boolean {
    const found = this.token.kind === 'name' && isWord(this.token.text, word)
    if (found) this.index++
    return found
  }

  private fail(message: string, advice?: string, token = this.token): never {
    throw new FilterSyntaxError(this.text, token.at, message, advice)
  }
}

function isWord(text: string, word: Word): boolean {
  return text.toLowerCase() === word
}

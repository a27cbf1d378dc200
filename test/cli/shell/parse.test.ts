import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { quotedWord } from '../../../src/base/shell-word.ts'
import { typedWords } from '../../../src/cli/completion/quoting.ts'
import { parse, type Statement } from '../../../src/cli/shell/parse.ts'

const statements = (text: string): readonly Statement[] => {
  const parsed = parse(text)
  if (parsed.kind !== 'statements') throw new Error(`${parsed.kind}: ${JSON.stringify(parsed)}`)
  return parsed.statements
}
const words = (text: string) => statements(text).map((statement) => statement.words)

describe('words', () => {
  it.each([
    ['', []],
    ['  \n ; \n', []],
    ['topics list', [['topics', 'list']]],
    ["produce 'a b' \"c 'd'\" e\\ f", [['produce', 'a b', "c 'd'", 'e f']]],
    ['a""b \'\' ""', [['ab', '', '']]],
    ['"say \\"hi\\" \\n"', [['say "hi" \\n']]],
    ['a b # c; d', [['a', 'b']]],
    ['a#b', [['a#b']]],
    ['a \\\n b', [['a', 'b']]],
    ['a "x\ny"', [['a', 'x\ny']]],
    ['get & x', [['get', '&', 'x']]],
    ['a {"b": [1, "}; x"],\n "c": "\\""} d', [['a', '{"b": [1, "}; x"],\n "c": "\\""}', 'd']]],
    ['a [{"b": 1}, 2]; c', [['a', '[{"b": 1}, 2]'], ['c']]],
    ['a {} {%k} [0-9]+ [a-z]; b', [['a', '{}', '{%k}', '[0-9]+', '[a-z]'], ['b']]],
    [
      '\\x on; \\? a',
      [
        ['\\x', 'on'],
        ['\\?', 'a'],
      ],
    ],
    ['a \\x \\ b \\q', [['a', 'x', ' b', 'q']]],
  ])('%j', (text, expected) => {
    expect(words(text)).toEqual(expected)
  })

  it('can be written so that they come back', () => {
    for (const word of ['plain', 'a b', "it's", '', '#x', 'a;b', 'x|y', '\\', '"', 'tab\there', '<<', '&&'])
      expect(words(`x ${quotedWord(word)}`)).toEqual([['x', word]])
  })
})

describe('statements', () => {
  it('are parted by semicolons, line ends and &&', () => {
    expect(statements('a; b\nc && d')).toEqual([
      { words: ['a'], onSuccess: false },
      { words: ['b'], onSuccess: false },
      { words: ['c'], onSuccess: false },
      { words: ['d'], onSuccess: true },
    ])
  })

  it('say where input comes from and output goes to', () => {
    expect(statements('a < in > out; b >>"the log"')).toEqual([
      {
        words: ['a'],
        onSuccess: false,
        input: { kind: 'file', path: 'in' },
        output: { path: 'out', append: false },
      },
      { words: ['b'], onSuccess: false, output: { path: 'the log', append: true } },
    ])
  })

  it('give a pipe to the system as it stands, up to a semicolon outside of quotes', () => {
    expect(statements("a | grep 'x;y' | wc -l > n; b")).toEqual([
      { words: ['a'], onSuccess: false, pipe: "grep 'x;y' | wc -l > n" },
      { words: ['b'], onSuccess: false },
    ])
  })

  it('take the lines of a here-document as they stand', () => {
    expect(statements('produce t <<END; list\none "two\n # three\nEND\nquit')).toEqual([
      { words: ['produce', 't'], onSuccess: false, input: { kind: 'text', text: 'one "two\n # three\n' } },
      { words: ['list'], onSuccess: false },
      { words: ['quit'], onSuccess: false },
    ])
  })
})

describe('what is not whole', () => {
  it.each([
    'a \\',
    "a 'b",
    'a "b',
    'a "b\\"',
    'a <<E',
    'a <<E\nb\n',
    'a &&',
    'a |',
    "a | grep 'x",
    'a {',
    'a {"b": [1',
    'a [{}',
    'a {"}',
  ])('waits for more: %j', (text) => expect(parse(text)).toEqual({ kind: 'incomplete' }))

  it.each([
    ['> x', 'there is no command before the redirection'],
    ['a >', 'a name has to follow >'],
    ['a < ; b', 'a name has to follow <'],
    ['a > x > y', 'the output is redirected twice'],
    ['a > x | y', 'the output is redirected twice'],
    ['a < x <<E\nE', 'the input is redirected twice'],
    ['&& a', 'there is no command before &&'],
  ])('is refused: %j', (text, message) => {
    expect(parse(text)).toEqual({ kind: 'wrong', message })
  })
})

describe('anything at all', () => {
  const piece = fc.oneof(
    fc.constantFrom(
      'a',
      "'",
      '"',
      '\\',
      '{',
      '}',
      '[',
      ']',
      '<<E',
      '\nE\n',
      '|',
      '>',
      '>>',
      '<',
      ';',
      '&&',
      '#',
      ' ',
      '\n',
    ),
    fc.string({ maxLength: 4 }),
  )
  const text = fc.array(piece, { maxLength: 20 }).map((pieces) => pieces.join(''))

  it('is taken apart, waited for or refused', () => {
    fc.assert(
      fc.property(text, (typed) => {
        const parsed = parse(typed)
        if (parsed.kind === 'statements')
          for (const { words: each } of parsed.statements) expect(each.length).toBeGreaterThan(0)
      }),
    )
  })

  it('can stand in front of the cursor', () => {
    fc.assert(
      fc.property(text, (typed) => {
        const found = typedWords(typed)
        expect(found === undefined || (found.words.length > 0 && found.from <= typed.length)).toBe(true)
      }),
    )
  })
})

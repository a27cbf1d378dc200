import { describe, expect, it } from 'vitest'
import { OptionParser, type OptionSpec } from '../../../src/cli/jopt/option-parser.ts'

const SPECS: readonly OptionSpec[] = [
  { names: ['topic', 't'], description: 'A topic.', argument: { isRequired: true } },
  {
    names: ['count'],
    description: 'How many.',
    argument: { isRequired: false, type: 'Integer', defaults: [5] },
  },
  { names: ['list'], description: 'Some.', argument: { isRequired: true, separator: ',' } },
  { names: ['verbose', 'v'], description: 'Loud.' },
  { names: ['quiet', 'q'], description: 'Not loud.' },
  { names: ['help'], description: 'Help.', isForHelp: true },
]
const parse = (line: string, options = {}) =>
  new OptionParser(SPECS, options).parse(line.split(' ').filter((word) => word !== ''))

describe('OptionParser', () => {
  it.each([
    ['--topic a', 'a'],
    ['--topic=a', 'a'],
    ['-topic a', 'a'],
    ['-t a', 'a'],
    ['-ta', 'a'],
    ['-t=a', 'a'],
    ['-vta', 'a'],
    ['--topic --verbose', '--verbose'],
    ['--topic=', ''],
  ])('takes %s', (line, expected) => {
    expect(parse(line).value('topic')).toBe(expected)
  })

  it('takes some only beside others, unless help is asked for', () => {
    const beside: OptionSpec = { names: ['state'], description: 'How.', availableIf: ['verbose', 'quiet'] }
    const parser = new OptionParser([...SPECS, beside])
    expect(parser.parse(['--quiet', '--state']).has('state')).toBe(true)
    expect(parser.parse(['--help', '--state']).has('state')).toBe(true)
    expect(() => parser.parse(['--list', 'a', '--state'])).toThrow(
      'Option(s) [state] are unavailable given other options on the command line',
    )
  })

  it('reads numbers of a Long', () => {
    expect(parse('--count 9007199254740991').long('count')).toBe(Number.MAX_SAFE_INTEGER)
    expect(() => parse('--count 3000000000').integer('count')).toThrow("Cannot parse argument '3000000000'")
  })

  it('tells options, their arguments and other words apart', () => {
    const found = parse('a --count --verbose - -- --quiet -x')
    expect(found.nonOptions).toEqual(['a', '-', '--quiet', '-x'])
    expect([found.has('count'), found.has('verbose'), found.has('quiet')]).toEqual([true, true, false])
    expect(found.integer('count')).toBe(5)
    expect(parse('--count 7').integer('count')).toBe(7)
    expect(parse('--count -7').integer('count')).toBe(-7)
    expect(parse('--list a,b --list c').values('list')).toEqual(['a', 'b', 'c'])
    expect(parse('').value('topic')).toBeUndefined()
  })

  it('takes abbreviations where they are allowed and clear', () => {
    const options = { allowAbbreviations: true }
    expect(parse('--top a --verb', options).value('topic')).toBe('a')
    expect(() => parse('--t a', { allowAbbreviations: true })).not.toThrow()
    expect(() => parse('--top a')).toThrow('top is not a recognized option')
  })

  it.each([
    ['--foo', 'joptsimple.UnrecognizedOptionException: foo is not a recognized option'],
    ['-vx', 'joptsimple.UnrecognizedOptionException: x is not a recognized option'],
    ['--topic', 'joptsimple.OptionMissingRequiredArgumentException: Option t/topic requires an argument'],
  ])('refuses %s', (line, text) => {
    expect(() => parse(line)).toThrow(
      expect.objectContaining({ message: text.slice(text.indexOf(': ') + 2) }),
    )
    try {
      parse(line)
    } catch (error) {
      expect(String(error)).toBe(text)
    }
  })

  it('complains of values when they are asked for', () => {
    expect(() => parse('--topic a --topic b').value('topic')).toThrow(
      'Found multiple arguments for option t/topic, but you asked for only one',
    )
    expect(() => parse('--count many').integer('count')).toThrow(
      "Cannot parse argument 'many' of option count",
    )
    expect(() => parse('--count 3000000000').integer('count')).toThrow("Cannot parse argument '3000000000'")
  })

  it('wants required options, unless help is asked for', () => {
    const specs = [
      ...SPECS,
      { names: ['bootstrap-server'], description: '', argument: { isRequired: true }, isRequired: true },
    ]
    const parser = new OptionParser(specs)
    expect(() => parser.parse(['-v'])).toThrow('Missing required option(s) [bootstrap-server]')
    expect(parser.parse(['--help']).has('help')).toBe(true)
  })
})

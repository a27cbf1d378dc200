import { describe, expect, it } from 'vitest'
import { parseArguments, splitLine } from '../../../src/cli/zk/arguments.ts'
import { pathProblemText } from '../../../src/cli/zk/errors.ts'
import { explain } from '../../../src/cli/zk/explain.ts'
import { parseAuth, takeZkFlags } from '../../../src/cli/zk/flags.ts'
import { formatAcl, parseAcl } from '../../../src/cli/zk/format.ts'
import { unknownCommandText } from '../../../src/cli/zk/table.ts'

describe('parseArguments', () => {
  const specs = { s: {}, R: {}, v: { hasValue: true }, a: { group: 'g' }, b: { group: 'g' }, explain: {} }

  it.each([
    [['-s', '/a'], { s: true }, ['/a']],
    [['/a', '-s'], { s: true }, ['/a']],
    [['-sR', '/a'], { s: true, R: true }, ['/a']],
    [['-v', '3', '/a'], { v: '3' }, ['/a']],
    [['-v3', '/a'], { v: '3' }, ['/a']],
    [['-sv', '3', '/a'], { s: true, v: '3' }, ['/a']],
    [['-explain', '/a'], { explain: true }, ['/a']],
    [['-v', '-1', '/a'], { v: '-1' }, ['/a']],
    [['/a', '-5'], {}, ['/a', '-5']],
    [['/a', '--', '-s'], {}, ['/a', '-s']],
  ])('%j', (argv, options, words) => {
    const parsed = parseArguments(argv, specs)
    expect(Object.fromEntries(parsed.options)).toEqual(options)
    expect(parsed.words).toEqual(words)
  })

  it.each([
    [['-x'], 'org.apache.commons.cli.UnrecognizedOptionException: Unrecognized option: -x'],
    [['-v'], 'org.apache.commons.cli.MissingArgumentException: Missing argument for option: v'],
    [
      ['-a', '-b'],
      "org.apache.commons.cli.AlreadySelectedException: The option 'b' was specified but an option from this group has already been selected: 'a'",
    ],
  ])('%j is refused as in Java', (argv, message) => {
    expect(() => parseArguments(argv, specs)).toThrow(message)
  })
})

it.each([
  ['ls  /a', ['ls', '/a']],
  ["set /a 'two words'", ['set', '/a', 'two words']],
  ['set /a "it\'s" ""', ['set', '/a', "it's", '']],
  ['', []],
])('%j is split into words', (line, words) => {
  expect(splitLine(line)).toEqual(words)
})

it.each([
  ['/', undefined],
  ['/a/b', undefined],
  ['', 'Path length must be > 0'],
  ['a', 'Path must start with / character'],
  ['/a/', 'Path must not end with / character'],
  ['//a', 'Invalid path string "//a" caused by empty node name specified @1'],
  ['/a/../b', 'Invalid path string "/a/../b" caused by relative paths not allowed @4'],
])('%j is a path, or why not', (path, problem) => {
  expect(pathProblemText(path)).toBe(problem)
})

describe('ACLs', () => {
  it('are read and written as zkCli does', () => {
    const acl = parseAcl('world:anyone:ra,digest:ann:x=:cdrwa', () => undefined)
    expect(acl.map(formatAcl).join('')).toBe("'world,'anyone\n: ra\n'digest,'ann:x=\n: cdrwa\n")
  })

  it('tell what they do not understand', () => {
    const notes: string[] = []
    expect(parseAcl('nonsense,world:anyone:rz', (text) => notes.push(text))).toHaveLength(1)
    expect(notes).toEqual(['nonsense does not have the form scheme:id:perm', 'Unknown perm type: z'])
  })
})

describe('takeZkFlags', () => {
  it('takes its own flags from anywhere', () => {
    const flags = takeZkFlags([
      '--server',
      'h:1',
      'get',
      '-s',
      '/a',
      '-o',
      'json',
      '--auth=digest:a:b',
      '--explain',
    ])
    expect(flags.values).toEqual({ server: 'h:1', output: 'json' })
    expect(flags.auth.map(parseAuth)).toEqual([{ scheme: 'digest', auth: 'a:b' }])
    expect(flags.argv).toEqual(['get', '-s', '/a', '-explain'])
  })

  it('leaves what stands behind -- alone', () => {
    expect(takeZkFlags(['set', '/a', '--', '--json']).argv).toEqual(['set', '/a', '--', '--json'])
  })

  it('wants a value', () => {
    expect(() => takeZkFlags(['ls', '/', '--server'])).toThrow('--server needs a value')
  })
})

describe('explain', () => {
  const tell = (path: string, value: unknown) => explain(path, Buffer.from(JSON.stringify(value)))?.join('\n')

  it.each([
    ['/controller', { brokerid: 2, timestamp: '0' }, 'Broker 2 is the controller'],
    ['/kafka/controller_epoch', 7, 'changed 7 times'],
    ['/brokers/ids/1', { endpoints: ['PLAINTEXT://h:1'], timestamp: '0' }, 'PLAINTEXT://h:1'],
    ['/brokers/topics/t', { topic_id: 'x', partitions: { 0: [1, 2] } }, '0: replicas on 1, 2'],
    [
      '/brokers/topics/t/partitions/3/state',
      { leader: 1, leader_epoch: 4, isr: [1], controller_epoch: 2 },
      'Partition 3 of t: broker 1 leads since leader epoch 4',
    ],
    ['/brokers/topics/t/partitions/3/state', { leader: -1, isr: [] }, 'nobody leads'],
    ['/config/topics/t', { config: { 'retention.ms': '1' } }, 'retention.ms = 1'],
    ['/config/brokers/<default>', { config: {} }, 'no settings of its own'],
    ['/latest_producer_id_block', { broker: 1, block_start: '0', block_end: '999' }, '0 to 999'],
  ])('%s', (path, value, expected) => {
    expect(tell(path, value)).toContain(expected)
  })

  it('says nothing of what is not Kafka’s, and stands nonsense', () => {
    expect(explain('/mine', Buffer.from('x'))).toBeUndefined()
    expect(explain('/controller', Buffer.from('no JSON'))).toBeDefined()
    expect(explain('/brokers/topics/t', null)).toBeDefined()
  })
})

it.each([
  ['crate', "zk has no command 'crate'. Did you mean 'create'? 'help' lists all of them."],
  ['getacl', "zk has no command 'getacl'. Did you mean 'getAcl'? 'help' lists all of them."],
  ['nonsense', "zk has no command 'nonsense'. 'help' lists all of them."],
])('%s is no command', (typed, text) => {
  expect(unknownCommandText(typed)).toBe(text)
})

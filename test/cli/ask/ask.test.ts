import { describe, expect, it } from 'vitest'
import { quotedWord } from '../../../src/base/shell-word.ts'
import { askForMissing } from '../../../src/cli/ask/ask-for-missing.ts'
import { confirm } from '../../../src/cli/ask/confirm.ts'
import type { CommandLine, Need } from '../../../src/cli/ask/need.ts'
import { isMet } from '../../../src/cli/ask/need.ts'
import { matching } from '../../../src/cli/ask/prompts.ts'
import { guided, type Scripted } from './support.ts'

const TOPIC: Need = { anyOf: ['topic'], ask: 'topic', message: 'no topic given', hint: 'Name it.' }
const NEW: Need = { ...TOPIC, ask: 'new-topic' }

/** What oclif makes of words, as far as it matters here. */
const parse = (argv: readonly string[]): Promise<CommandLine> => {
  const topic = argv.filter((word) => !word.startsWith('-'))
  return Promise.resolve({ args: { topic: topic.length === 0 ? undefined : topic }, flags: {} })
}

async function run(scripted: Scripted, needs: readonly Need[], argv: string[]) {
  const { context, notes } = guided(scripted)
  const line = await askForMissing(context, needs, {
    name: 'topics create',
    argv,
    line: await parse(argv),
    parse,
  })
  return { line, notes }
}

describe('what a command line lacks', () => {
  it('is asked for, and the line that needs no question is shown', async () => {
    const asked = await run({ topics: ['orders'], answers: { Topic: 'orders' } }, [TOPIC], ['--if-exists'])
    expect(asked.line.args.topic).toEqual(['orders'])
    expect(asked.notes).toEqual(['$ kcli topics create --if-exists orders'])
  })

  it('is a usage error where nobody can be asked', async () => {
    const refused = run({ canPrompt: false }, [TOPIC], [])
    await expect(refused).rejects.toMatchObject({
      code: 'KCLI_USAGE',
      message: 'no topic given',
      hint: 'Name it.',
    })
  })

  it('goes before words that are arguments only', async () => {
    const asked = await run({ topics: ['orders'], answers: { Topic: 'orders' } }, [TOPIC], ['--'])
    expect(asked.notes).toEqual(['$ kcli topics create orders --'])
  })

  it('asks nothing when all is there', async () => {
    const { line, notes } = await run({ answers: {} }, [TOPIC], ['orders'])
    expect({ topic: line.args.topic, notes }).toEqual({ topic: ['orders'], notes: [] })
  })

  it('says what to do when there is nothing to choose from', async () => {
    const asked = run({ topics: [], answers: {} }, [TOPIC], [])
    await expect(asked).rejects.toMatchObject({ message: 'there are no topics yet' })
  })
})

describe('a new topic', () => {
  const answers = { Name: 'orders', Partitions: '3', Replicas: '2' }

  it('gets a name, partitions and replicas', async () => {
    const { notes } = await run({ topics: [], brokers: 3, answers }, [NEW], [])
    expect(notes).toEqual(['$ kcli topics create orders -p 3 -r 2'])
  })

  it('is not asked for what was said', async () => {
    const { context } = guided({ topics: [], brokers: 3, answers })
    const { QUESTIONS } = await import('../../../src/cli/ask/questions.ts')
    const words = await QUESTIONS['new-topic'](context, { args: {}, flags: { partitions: 5 } })
    expect(words).toEqual(['orders', '-r', '2'])
  })

  it.each([
    ['Name', 'taken', /already exists/],
    ['Name', '..', /not allowed/],
    ['Name', 'a b', /other than ASCII/],
    ['Partitions', '0', /1 or more/],
    ['Replicas', '4', /from 1 to 3/],
  ])('%s may not be %s', async (question, answer, problem) => {
    const scripted = { topics: ['taken'], brokers: 3, answers: { ...answers, [question]: answer } }
    await expect(run(scripted, [NEW], [])).rejects.toThrow(problem)
  })
})

describe('needs', () => {
  it.each([
    [{ args: { topic: ['x'] }, flags: {} }, true],
    [{ args: {}, flags: { topic: ['x'] } }, true],
    [{ args: {}, flags: { topic: [] } }, false],
    [{ args: { topic: undefined }, flags: { topic: false } }, false],
  ])('%j', (line, expected) => {
    expect(isMet(TOPIC, line)).toBe(expected)
  })
})

describe('typing filters', () => {
  const choices = [
    { value: 'orders.dlq', note: '1 partition' },
    { value: 'orders', note: '3 partitions' },
    { value: 'Payments', note: '3 partitions' },
  ]
  it.each([
    ['', ['orders.dlq', 'orders', 'Payments']],
    ['pay', ['Payments']],
    ['3', ['orders', 'Payments']],
    ['dl or', ['orders.dlq']],
    ['p', ['Payments', 'orders.dlq', 'orders']],
    ['none', []],
  ])('%j', (typed, expected) => {
    expect(matching(choices, typed).map(({ value }) => value)).toEqual(expected)
  })
})

describe('a question with yes and no', () => {
  it('names the flag when nobody can be asked', async () => {
    const asked = confirm(
      { canPrompt: false },
      { agree: () => Promise.resolve(true) },
      'Delete orders?',
      '--yes',
    )
    await expect(asked).rejects.toMatchObject({ code: 'KCLI_USAGE', hint: 'Say yes beforehand with --yes.' })
  })

  it('changes nothing without a yes', async () => {
    const asked = confirm(
      { canPrompt: true },
      { agree: () => Promise.resolve(false) },
      'Delete orders?',
      '--yes',
    )
    await expect(asked).rejects.toMatchObject({ code: 'KCLI_DECLINED' })
  })
})

it.each([
  ['orders', 'orders'],
  ['a=b,c:d', 'a=b,c:d'],
  ['a b', "'a b'"],
  ["it's", `'it'\\''s'`],
  ['*', "'*'"],
  ['', "''"],
])('%j is shown as %s', (word, expected) => {
  expect(quotedWord(word)).toBe(expected)
})

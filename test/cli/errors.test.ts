import { describe, expect, it } from 'vitest'
import { KcliError } from '../../src/base/errors.ts'
import { exitCodeOf, InterruptedError, UsageError } from '../../src/cli/exit-codes.ts'
import { errorData, formatError } from '../../src/cli/report-error.ts'

const system = (code: string) => Object.assign(new Error(`${code}: it went wrong`), { code })
const oclif = (exit: number) =>
  Object.assign(new Error('Unexpected argument: x\nSee more help with --help'), { oclif: { exit } })

describe('exit codes', () => {
  it.each([
    [new UsageError('no'), 2],
    [oclif(2), 2],
    [oclif(127), 2],
    [oclif(0), 0],
    [new KcliError('KCLI_UNREACHABLE', 'x'), 3],
    [new KcliError('KCLI_REQUEST_TIMEOUT', 'x'), 3],
    [new KcliError('KCLI_NETWORK', 'x'), 3],
    [system('ECONNREFUSED'), 3],
    [new InterruptedError(undefined), 130],
    [new InterruptedError(143), 143],
    [new KcliError('KCLI_BROKER', 'x'), 1],
    [system('ENOSPC'), 1],
    [new Error('x'), 1],
    ['thrown text', 1],
  ])('%s is %i', (error, code) => {
    expect(exitCodeOf(error)).toBe(code)
  })
})

describe('error reports', () => {
  it('says what failed and what to do next, without a stack', () => {
    expect(formatError(new UsageError('no topic', 'Name one.'), { debug: false })).toBe(
      'kcli: no topic\nName one.\n',
    )
    expect(formatError(oclif(2), { debug: false })).toBe(
      'kcli: Unexpected argument: x\nAdd --help to see what the command takes.\n',
    )
    expect(formatError(system('ENOSPC'), { debug: false })).toMatch(/^kcli: ENOSPC.*\nFree some space/)
    expect(formatError(new InterruptedError(undefined), { debug: false })).toBe('')
  })

  it('puts errors of several lines on one', () => {
    expect(formatError(new KcliError('KCLI_X', 'first\n  second'), { debug: false })).toBe(
      'kcli: first second\n',
    )
  })

  it('shows stacks and causes with --debug', () => {
    const error = new KcliError('KCLI_X', 'outer', { cause: new Error('inner') })
    const text = formatError(error, { debug: true })
    expect(text).toMatch(/at .*errors\.test\.ts/)
    expect(text).toContain('caused by: Error: inner')
  })

  it('is data for --json', () => {
    expect(errorData(new UsageError('no', 'Yes.'))).toEqual({
      error: { code: 'KCLI_USAGE', message: 'no', hint: 'Yes.', exitCode: 2 },
    })
  })
})

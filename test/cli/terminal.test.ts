import { describe, expect, it } from 'vitest'
import { loadStyles } from '../../src/cli/output/styles.ts'
import { detectTerminal, type Surroundings } from '../../src/cli/terminal.ts'

const tty: Surroundings = { env: {}, stdinIsTty: true, stdoutIsTty: true, stderrIsTty: true }
const pipe: Surroundings = { env: {}, stdinIsTty: false, stdoutIsTty: false, stderrIsTty: false }
const detect = (around: Surroundings, env: Record<string, string> = {}, color = true) =>
  detectTerminal({ ...around, env }, { color })

describe('what the surroundings allow', () => {
  it('has colour, prompts and spinners on a terminal only', () => {
    expect(detect(tty)).toMatchObject({ color: true, canPrompt: true, canAnimate: true })
    expect(detect(pipe)).toMatchObject({ color: false, canPrompt: false, canAnimate: false })
  })

  it('moves nothing on a terminal without a size', () => {
    expect(detect({ ...tty, stderrColumns: 0 }).canAnimate).toBe(false)
    expect(detect({ ...tty, stderrColumns: 80 }).canAnimate).toBe(true)
  })

  it('has none of them in CI', () => {
    expect(detect(tty, { CI: 'true' })).toMatchObject({ color: false, canPrompt: false, canAnimate: false })
    expect(detect(tty, { CI: 'false' }).canPrompt).toBe(true)
  })

  it('asks --no-color, then FORCE_COLOR, then NO_COLOR', () => {
    expect(detect(tty, { NO_COLOR: '1' }).color).toBe(false)
    expect(detect(pipe, { FORCE_COLOR: '1' }).color).toBe(true)
    expect(detect(tty, { FORCE_COLOR: '0' }).color).toBe(false)
    expect(detect(pipe, { FORCE_COLOR: '1', NO_COLOR: '1' }).color).toBe(true)
    expect(detect(tty, { FORCE_COLOR: '1' }, false).color).toBe(false)
    expect(detect(tty, { TERM: 'dumb' }).color).toBe(false)
  })
})

describe('colours', () => {
  it('take one text alone, whoever calls them', async () => {
    const { bad } = await loadStyles(true)
    expect(['killed', 'paused'].map(bad)).toEqual([
      '\u001b[31mkilled\u001b[39m',
      '\u001b[31mpaused\u001b[39m',
    ])
  })
})

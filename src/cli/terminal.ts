/** What the surroundings allow: colour, prompts, spinners. */
export interface Terminal {
  readonly color: boolean
  /** Somebody can be asked. */
  readonly canPrompt: boolean
  readonly canAnimate: boolean
  /** Somebody may be typing the input. */
  readonly stdinIsTty: boolean
  /** Of the terminal; undefined where there is none. */
  readonly columns: number | undefined
}

export interface Surroundings {
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdinIsTty: boolean
  readonly stdoutIsTty: boolean
  readonly stderrIsTty: boolean
  readonly columns?: number | undefined
  /** 0 where a pseudo-terminal was made without a size. */
  readonly stderrColumns?: number | undefined
}

export function processSurroundings(): Surroundings {
  return {
    env: process.env,
    stdinIsTty: process.stdin.isTTY === true,
    stdoutIsTty: process.stdout.isTTY === true,
    stderrIsTty: process.stderr.isTTY === true,
    columns: process.stdout.isTTY === true ? process.stdout.columns : undefined,
    stderrColumns: process.stderr.columns,
  }
}

/**
 * `--no-color` beats FORCE_COLOR beats NO_COLOR beats the terminal. With CI set nothing moves and nobody is asked, even when
 * the runner gives a pseudo-terminal.
 */
export function detectTerminal(around: Surroundings, options: { color: boolean }): Terminal {
  const { env } = around
  const isCi = env.CI !== undefined && env.CI !== '' && env.CI !== 'false' && env.CI !== '0'
  const isDumb = env.TERM === 'dumb'
  return {
    color:
      options.color && (forced(env.FORCE_COLOR) ?? (!env.NO_COLOR && around.stdoutIsTty && !isDumb && !isCi)),
    canPrompt: around.stdinIsTty && around.stderrIsTty && !isCi,
    stdinIsTty: around.stdinIsTty,
    columns: around.columns,
    // A spinner clears as many lines as its text takes: in no columns it would never be done with that.
    canAnimate: around.stderrIsTty && !isCi && !isDumb && around.stderrColumns !== 0,
  }
}

function forced(value: string | undefined): boolean | undefined {
  if (value === undefined || value === '') return undefined
  return value !== '0' && value !== 'false'
}

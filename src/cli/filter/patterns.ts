import { createContext, Script } from 'node:vm'

/** What one text may cost: steps that are taken without a watch, and the time that a watch gives. */
const STEPS_UNWATCHED = 1e9
const TIMEOUT_MS = 1_000

/** A regular expression that is applied to texts of others, which may be such that it never ends. */
export class BoundedPattern {
  readonly pattern: RegExp
  private readonly maxUnwatched: number
  private watch: { readonly context: { text: string }; readonly script: Script } | undefined

  constructor(pattern: RegExp) {
    this.pattern = pattern
    this.maxUnwatched = STEPS_UNWATCHED ** (1 / (repetitions(pattern.source) + 1))
  }

  /**
   * Whether the text matches. Undefined: that was not found out within a second.
   *
   * V8 tries every way to split a text among the repetitions of a pattern: at most `length ^ (repetitions + 1)` steps when
   * none lies within another. Where that is little, or nothing is repeated, it just runs; else a thread looks at the clock
   * (vm's timeout, which costs a tenth of a millisecond).
   */
  test(text: string): boolean | undefined {
    if (text.length <= this.maxUnwatched) return this.pattern.test(text)
    this.watch ??= {
      context: createContext({ pattern: this.pattern, text: '' }) as { text: string },
      script: new Script('pattern.test(text)'),
    }
    const { context, script } = this.watch
    context.text = text
    try {
      return script.runInContext(context, { timeout: TIMEOUT_MS }) === true
    } catch (error) {
      if (isTimeout(error)) return undefined
      throw error
    } finally {
      context.text = ''
    }
  }
}

/** The error is made in the script's own world, where `Error` is another one. */
function isTimeout(error: unknown): boolean {
  return (
    typeof error === 'object' &&
    error !== null &&
    'code' in error &&
    error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  )
}

/** How many parts of a pattern can take more or less of a text; infinite when there may be some within others. */
export function repetitions(source: string): number {
  const plain = source
    .replace(/\\[pPkux]\{[^}]*\}/g, '_')
    .replace(/\\k<[^>]*>|\\[1-9]/g, '(_)*')
    .replace(/\\./gs, '_')
    .replace(/\[[^\]]*\]/g, '_')
    .replace(/\(\?(?:[:=!]|<[=!]|<[^>]*>)/g, '(')
  if (/\)[*+?{]/.test(plain)) return Number.POSITIVE_INFINITY
  return plain.match(/[*+?]|\{\d+,\d*\}/g)?.length ?? 0
}

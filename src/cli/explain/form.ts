import type { CommandContext } from '../context.ts'
import type { Target } from '../target.ts'

export const EXPLAIN_FORMS = ['text', 'json'] as const
export type ExplainForm = (typeof EXPLAIN_FORMS)[number]

/** `--explain` alone means text: the parser knows no flags whose value may be missing. */
export function withExplainForm(argv: readonly string[]): string[] {
  const end = argv.indexOf('--')
  return argv.map((word, i) => (word === '--explain' && (end === -1 || i < end) ? '--explain=text' : word))
}

type Work = (context: CommandContext) => Promise<number | undefined>

/** The same work, with what it did behind it on stderr. Without a form it is the work itself, and nothing is loaded. */
export function explained(form: ExplainForm | undefined, work: Work): Work {
  if (form === undefined) return work
  return async (context) => {
    const { Explanation } = await import('./index.ts')
    const explanation = new Explanation(context.clock, form)
    let attached: Promise<Target> | undefined
    const attach = async () => {
      const target = await context.target()
      await explanation.attach(target)
      return target
    }
    try {
      return await work({
        ...context,
        target: () => {
          attached ??= attach()
          return attached
        },
      })
    } finally {
      await context.out.finish()
      await context.out.sink.flush()
      context.out.note((await explanation.finish()).trimEnd())
    }
  }
}

import { confirm } from '../ask/confirm.ts'
import type { Prompts } from '../ask/prompts.ts'
import type { GlobalFlags } from '../base-command.ts'
import type { CommandContext } from '../context.ts'
import type { Terminal } from '../terminal.ts'
import type { Guard } from './guard.ts'

/** The part of a command's context that depends on the profile in use. Where there is none, nothing more is loaded. */
export function profileContext(
  flags: GlobalFlags,
  { canPrompt }: Terminal,
  prompts: Prompts,
): Pick<CommandContext, 'confirm' | 'allow' | 'properties'> {
  const guard = async (): Promise<Guard | undefined> => {
    const { activeProfile: profile } = flags
    if (profile === undefined) return undefined
    const { Guard } = await import('./guard.ts')
    return new Guard({ profile, confirmed: flags.confirm ?? process.env.KCLI_CONFIRM, canPrompt, prompts })
  }
  return {
    async confirm(question, flag) {
      const isAgreed = await (await guard())?.confirm(question)
      if (isAgreed !== true) await confirm({ canPrompt }, prompts, question, flag)
    },
    async allow(action) {
      await (await guard())?.allow({ asks: false, isKafkaTool: false, ...action })
    },
    async properties(kind) {
      const { ownProperties } = await import('./client-properties.ts')
      return ownProperties(flags, kind, process.env)
    },
  }
}

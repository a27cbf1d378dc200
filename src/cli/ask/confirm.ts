import { KcliError } from '../../base/errors.ts'
import { UsageError } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'
import type { Prompts } from './prompts.ts'

/** Asks before something is destroyed. Where nobody can be asked it is a usage error that names the flag. */
export async function confirm(
  terminal: Pick<Terminal, 'canPrompt'>,
  prompts: Pick<Prompts, 'agree'>,
  question: string,
  flag: string,
): Promise<void> {
  if (!terminal.canPrompt) {
    throw new UsageError(`${question} Nobody can be asked here`, `Say yes beforehand with ${flag}.`)
  }
  if (!(await prompts.agree(question))) throw new KcliError('KCLI_DECLINED', 'nothing was changed')
}

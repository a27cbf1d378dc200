import { KcliError } from '../../base/errors.ts'
import type { Prompts } from '../ask/prompts.ts'
import { UsageError } from '../exit-codes.ts'
import type { ActiveProfile } from './profile.ts'

/** What a command does to the cluster, or to the files of one. `destroys`: what is lost cannot be had back by another command. */
export type Effect = 'reads' | 'changes' | 'destroys'

/** What is about to be done. */
export interface Action {
  readonly effect: Effect
  /** As it is typed: `topics delete`. */
  readonly name: string
  /** It asks by itself before it destroys anything, with what that would be. */
  readonly asks: boolean
  /** False where a question has no place, though there is a terminal. */
  readonly canAsk?: boolean
  /** It takes the flags of Kafka's tool and no others. */
  readonly isKafkaTool: boolean
}

export interface GuardOptions {
  readonly profile: ActiveProfile
  /** The profile's name, as somebody said it beforehand. */
  readonly confirmed: string | undefined
  readonly canPrompt: boolean
  readonly prompts: Prompts
}

/** Holds commands to what the profile in use allows, whatever address they name. */
export class Guard {
  private readonly options: GuardOptions

  constructor(options: GuardOptions) {
    this.options = options
  }

  /** Resolves when the action may be done. Asks for the profile's name where something is destroyed and nobody else asks. */
  async allow(action: Action): Promise<void> {
    const { profile, confirmed, canPrompt } = this.options
    if (action.effect === 'reads') return
    if (profile.isReadOnly) throw this.readOnly(action)
    if (action.effect !== 'destroys' || !profile.isProtected) return
    if (confirmed !== undefined && confirmed !== profile.name) {
      throw new UsageError(
        `the profile is '${profile.name}', and '${confirmed}' was confirmed`,
        'Is this the right cluster?',
      )
    }
    if (confirmed !== undefined) return
    if (!canPrompt || action.canAsk === false) throw this.unconfirmed(action)
    if (!action.asks) await this.askForName(`${action.name} on the protected profile ${profile.name}.`)
  }

  /** In the place of a question with yes and no; false where those will do. */
  async confirm(question: string): Promise<boolean> {
    const { profile, confirmed } = this.options
    if (!profile.isProtected) return false
    if (confirmed !== profile.name) await this.askForName(question)
    return true
  }

  private async askForName(question: string): Promise<void> {
    const { name } = this.options.profile
    await this.options.prompts.text(`${question} Type ${name} to go on:`, {
      check: (text) => (text === name ? undefined : `That is not ${name}. Esc gives up.`),
    })
  }

  private readOnly({ name, isKafkaTool }: Action): KcliError {
    const { profile } = this.options
    const without = isKafkaTool ? 'with KCLI_PROFILE=none in the environment' : 'with -P none'
    return new KcliError(
      'KCLI_READ_ONLY',
      `profile '${profile.name}' is read-only, and ${name} changes something`,
      {
        hint: `Run it without the profile ${without}, or take read-only out of ${profile.file}.`,
      },
    )
  }

  private unconfirmed({ name, isKafkaTool }: Action): UsageError {
    const { profile } = this.options
    const how = isKafkaTool
      ? `with KCLI_CONFIRM=${profile.name} in the environment`
      : `with --confirm ${profile.name}`
    return new UsageError(
      `profile '${profile.name}' is protected, and ${name} destroys something; nobody can be asked here`,
      `Name the profile beforehand ${how}.`,
    )
  }
}

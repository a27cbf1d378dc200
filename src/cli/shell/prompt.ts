import path from 'node:path'
import type { GlobalFlags } from '../base-command.ts'
import { EXIT } from '../exit-codes.ts'
import { profilePromptName } from '../profiles/active.ts'
import { chooseTarget, defaultDataDir } from '../target.ts'
import type { Session } from './session.ts'
import { pathText } from './tree.ts'

/** Where commands go, whether that is open or lost, where we are, and whether the last command failed. */
export function promptText(session: Session, paint: Paint): string {
  const isFine = [EXIT.done, EXIT.interrupted].some((code) => code === session.lastExitCode)
  const mark = isFine ? '>' : paint('red', '!')
  const { isLost, current } = session.target
  const state = isLost ? ` ${paint('red', 'DISCONNECTED')}` : current === undefined ? '' : '*'
  const isProtected = profilePromptName(session.flags)?.isProtected === true
  const name = paint(isProtected ? 'red' : 'cyan', placeName(session.flags))
  return `${name}${state} ${pathText(session.directory)} ${mark} `
}

export type Paint = (style: 'red' | 'cyan' | 'dim', text: string) => string

const STYLES = { red: [31, 39], cyan: [36, 39], dim: [2, 22] } as const

export function painter(hasColor: boolean): Paint {
  return (style, text) => {
    const [on, off] = STYLES[style]
    return hasColor && text !== '' ? `\u001b[${on}m${text}\u001b[${off}m` : text
  }
}

/** The profile's name, `local`, the folder's name, or the first address. */
export function placeName(flags: GlobalFlags): string {
  const profile = profilePromptName(flags)
  if (profile !== undefined) return profile.name
  const choice = chooseTarget(flags, process.env)
  if (choice.kind === 'remote') return choice.addresses.split(',')[0] ?? ''
  return choice.dataDir === defaultDataDir(process.env, process.platform)
    ? 'local'
    : path.basename(choice.dataDir)
}

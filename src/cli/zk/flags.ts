import { UsageError } from '../exit-codes.ts'

/** Flags of `kcli zk`, which stand before or behind a command whose own options have one dash and one letter. */
const WITH_VALUE: Readonly<Record<string, string>> = {
  '--server': 'server',
  '-server': 'server',
  '--data-dir': 'data-dir',
  '--timeout': 'timeout',
  '-timeout': 'timeout',
  '--auth': 'auth',
  '--profile': 'profile',
  '-P': 'profile',
  '--confirm': 'confirm',
  '--output': 'output',
  '-o': 'output',
}
const WITHOUT_VALUE: Readonly<Record<string, string>> = {
  '--json': 'json',
  '--debug': 'debug',
  '--no-color': 'no-color',
}

export interface ZkFlags {
  readonly values: Readonly<Record<string, string>>
  readonly auth: readonly string[]
  readonly switches: ReadonlySet<string>
  /** The command and what belongs to it. */
  readonly argv: readonly string[]
}

/** Takes our flags out of the words; everything behind `--` is the command's. */
export function takeZkFlags(words: readonly string[]): ZkFlags {
  const values: Record<string, string> = {}
  const auth: string[] = []
  const switches = new Set<string>()
  const argv: string[] = []
  const left = [...words]
  for (let word = left.shift(); word !== undefined; word = left.shift()) {
    const [name = '', inline] = word.startsWith('--') ? splitOnce(word) : [word]
    const key = Object.hasOwn(WITH_VALUE, name) ? WITH_VALUE[name] : undefined
    const flag = Object.hasOwn(WITHOUT_VALUE, name) ? WITHOUT_VALUE[name] : undefined
    if (key !== undefined) {
      const value = inline ?? left.shift()
      if (value === undefined) throw new UsageError(`${name} needs a value`)
      if (key === 'auth') auth.push(value)
      else values[key] = value
    } else if (flag !== undefined) switches.add(flag)
    else if (word === '--') argv.push(word, ...left.splice(0))
    else argv.push(word === '--explain' ? '-explain' : word)
  }
  return { values, auth, switches, argv }
}

function splitOnce(word: string): [string, string?] {
  const at = word.indexOf('=')
  return at < 0 ? [word] : [word.slice(0, at), word.slice(at + 1)]
}

/** `digest:ann:secret` → scheme and what is shown. */
export function parseAuth(text: string): { scheme: string; auth: string } {
  const at = text.indexOf(':')
  if (at <= 0)
    throw new UsageError(`--auth is '${text}'`, 'Write SCHEME:AUTH, for example digest:USER:PASSWORD.')
  return { scheme: text.slice(0, at), auth: text.slice(at + 1) }
}

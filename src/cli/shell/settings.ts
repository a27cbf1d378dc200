import { writePrivateFile } from '../../base/private-file.ts'
import { readTextFile } from '../../base/standard-streams.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { OUTPUT_FORMATS } from '../output/format.ts'
import type { BuiltinCall } from './builtins.ts'

/** What `set` takes, with the values that there are; the first one holds at the start. */
export const SETTINGS: Readonly<Record<string, readonly string[] | 'MS'>> = {
  output: OUTPUT_FORMATS,
  timeout: 'MS',
  color: ['on', 'off'],
  /** Only for who types: scripts are timed with `time`. */
  timing: ['on', 'off'],
  pager: ['on', 'off'],
  expanded: ['off', 'on', 'auto'],
  hints: ['on', 'off'],
  'on-error': ['stop', 'resume'],
  debug: ['off', 'on'],
}

/** `set NAME VALUE`, `set NAME=VALUE`, `set`; underscores do as well as hyphens. */
export async function setCommand({ session, streams, words }: BuiltinCall): Promise<number> {
  const [first, ...others] = words
  if (first === undefined) {
    await streams.sink.write(settingsTable(session.settings))
    return EXIT.done
  }
  const [word = '', ...inline] = first.split('=')
  const name = word.replaceAll('_', '-')
  const value = checkedValue(
    session.settings,
    name,
    inline.length > 0 ? [inline.join('='), ...others] : others,
  )
  session.changeSetting(name, value)
  // Who turns something wants to know which way it is now.
  if (others[0] === 'toggle') process.stderr.write(`${name} is ${value}.\n`)
  return EXIT.done
}

function settingsTable(settings: ReadonlyMap<string, string>): string {
  return Object.entries(SETTINGS)
    .map(([name, values]) => {
      const choices = values === 'MS' ? 'milliseconds' : values.join('|')
      return `${name.padEnd(10)}${settingOf(settings, name).padEnd(10)}${choices}\n`
    })
    .join('')
}

/** What holds: what was set, or what holds at the start. */
export function settingOf(settings: ReadonlyMap<string, string>, name: string): string {
  const values = SETTINGS[name]
  return settings.get(name) ?? (values === 'MS' ? '30000' : (values?.[0] ?? ''))
}

/** Throws a usage error for a name or a value that there is not. */
function checkedValue(settings: ReadonlyMap<string, string>, name: string, given: readonly string[]): string {
  const values = SETTINGS[name]
  if (values === undefined)
    throw new UsageError(`there is no setting '${name}'`, `There are: ${Object.keys(SETTINGS).join(', ')}.`)
  const [value, ...more] = given
  if (value === undefined || more.length > 0)
    throw new UsageError(`'set ${name}' takes one value`, `Write: set ${name} ${valuesText(values)}`)
  if (value === 'toggle' && values !== 'MS' && values.includes('on'))
    return settingOf(settings, name) === 'off' ? 'on' : 'off'
  if (values === 'MS' ? !/^[1-9]\d{0,9}$/.test(value) : !values.includes(value))
    throw new UsageError(`'${value}' is no value of ${name}`, `Write: set ${name} ${valuesText(values)}`)
  return value
}

function valuesText(values: readonly string[] | 'MS'): string {
  return values === 'MS' ? 'MILLISECONDS' : values.join('|')
}

/** What was set in earlier sessions: a line `set NAME VALUE` each. What makes no sense any more is left out. */
export function readSettings(file: string): Map<string, string> {
  const settings = new Map<string, string>()
  let text = ''
  try {
    text = readTextFile(file)
  } catch {
    // Nothing was ever set, or it cannot be read: the standard holds.
  }
  for (const line of text.split('\n')) {
    const [, name, value] = /^set ([\w-]+) (\S+)$/.exec(line) ?? []
    if (name === undefined || value === undefined) continue
    try {
      settings.set(name, checkedValue(settings, name, [value]))
    } catch {
      // Of another version.
    }
  }
  return settings
}

export function writeSettings(file: string, settings: ReadonlyMap<string, string>): void {
  const lines = [...settings].map(([name, value]) => `set ${name} ${value}\n`)
  try {
    writePrivateFile(file, lines.join(''))
  } catch {
    // A home that cannot be written costs the next session its settings, and this one nothing.
  }
}

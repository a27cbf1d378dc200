import { EXIT, UsageError } from '../exit-codes.ts'
import { OUTPUT_FORMATS } from '../output/format.ts'
import type { BuiltinCall } from './builtins.ts'

/** What `set` takes, with the values that there are; the first one holds at the start. */
export const SETTINGS: Readonly<Record<string, readonly string[] | 'MS'>> = {
  output: OUTPUT_FORMATS,
  timeout: 'MS',
  color: ['on', 'off'],
  timing: ['off', 'on'],
  pager: ['on', 'off'],
  'on-error': ['stop', 'continue'],
  debug: ['off', 'on'],
}

export async function setCommand({ session, streams, words }: BuiltinCall): Promise<number> {
  const [name, value, ...more] = words
  if (name === undefined) {
    for (const [key, values] of Object.entries(SETTINGS)) {
      const standard = values === 'MS' ? '30000' : (values[0] ?? '')
      const choices = values === 'MS' ? 'milliseconds' : values.join('|')
      await streams.sink.write(
        `${key.padEnd(10)}${(session.settings.get(key) ?? standard).padEnd(10)}${choices}\n`,
      )
    }
    return EXIT.done
  }
  const values = SETTINGS[name]
  if (values === undefined) {
    throw new UsageError(`there is no setting '${name}'`, `There are: ${Object.keys(SETTINGS).join(', ')}.`)
  }
  if (value === undefined || more.length > 0)
    throw new UsageError(`'set ${name}' takes one value`, `Write: set ${name} ${valuesText(values)}`)
  if (values === 'MS' ? !/^[1-9]\d{0,9}$/.test(value) : !values.includes(value))
    throw new UsageError(`'${value}' is no value of ${name}`, `Write: set ${name} ${valuesText(values)}`)
  session.settings.set(name, value)
  return EXIT.done
}

function valuesText(values: readonly string[] | 'MS'): string {
  return values === 'MS' ? 'MILLISECONDS' : values.join('|')
}

import type { CommandLine } from './need.ts'

/** A name as an argument; one that begins like a flag can only be said with the flag. */
export function argument(name: string, flag: string): string[] {
  return name.startsWith('-') ? [`${flag}=${name}`] : [name]
}

/** What was said by an argument and by the flag of the same name, as words. */
export function saidWords({ args, flags }: CommandLine, name: string): string[] {
  return [args[name], flags[name]].flat().flatMap((value) => (value === undefined ? [] : String(value)))
}

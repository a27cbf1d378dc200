import type { ConfigType } from '../../base/config-def.ts'

/**
 * One configuration of a Kafka client, as its ConfigDef defines it, and what becomes of it here: it fills an option, goes
 * to the library's wrapper, is refused unless it has its default, or is checked and has nothing to act upon.
 */
export interface Property<Option extends string = string> {
  readonly type: ConfigType
  readonly default: string | number | boolean | null
  /** As Kafka prints it: `[0,...]`, `[none, gzip]`, `non-empty string`. */
  readonly valid?: string
  /** The options that it sets: `client.` or the client's own, and the name. */
  readonly fills?: readonly Option[]
  /** From the value to the option. A {@link ConfigError} refuses it. */
  readonly as?: (value: never, name: string) => unknown
  /** For the library's wrapper, as it was given. */
  readonly library?: true
  /** Why no value but the default is taken. */
  readonly refused?: string
  /** Why it is taken and nothing comes of it. */
  readonly unused?: string
}

export type PropertyTable<Option extends string = string> = Readonly<Record<string, Property<Option>>>

/** `linger.ms` as `lingerMs`. */
export type CamelCase<Name extends string> = Name extends `${infer Head}.${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Name

type Choices<List extends string> = List extends `${infer First}, ${infer Rest}`
  ? Choice<First> | Choices<Rest>
  : Choice<List>

type Choice<Text extends string> = Text extends `${infer Value extends number}` ? Text | Value : Text

/** What may be given for a property: its type, or the text of it as in a property file. */
type ValueOf<P extends Property> = P['type'] extends 'BOOLEAN'
  ? boolean | `${boolean}`
  : P['type'] extends 'INT' | 'SHORT' | 'LONG' | 'DOUBLE'
    ? number | `${number}`
    : P['type'] extends 'LIST'
      ? string | readonly unknown[]
      : P['type'] extends 'CLASS'
        ? unknown
        : P extends { valid: `[${infer List}]` }
          ? Choices<List>
          : string

/** All properties of a table, by Kafka's names and by the same in camelCase. */
export type PropertiesOf<Table extends PropertyTable> = {
  readonly [Name in keyof Table]?: ValueOf<Table[Name]> | undefined
} & {
  readonly [Name in keyof Table & string as CamelCase<Name>]?: ValueOf<Table[Name]> | undefined
}

export function camelCase(name: string): string {
  return name.replace(/\.(.)/g, (_, letter: string) => letter.toUpperCase())
}

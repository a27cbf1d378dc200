import { DEFAULT_OPTIONS } from '../jopt/java-main.ts'
import type { OptionSpec } from '../jopt/option-parser.ts'

export const OPTIONS: readonly OptionSpec[] = [
  ...DEFAULT_OPTIONS,
  {
    names: ['command-config'],
    description: 'A property file containing configs to be passed to Admin Client.',
    argument: { isRequired: true, describedAs: 'command config property file' },
  },
  {
    names: ['bootstrap-server'],
    description: 'REQUIRED: The server to connect to.',
    argument: { isRequired: true, describedAs: 'server(s) to use for bootstrapping' },
  },
]

import { DEFAULT_OPTIONS } from '../jopt/java-main.ts'
import type { OptionSpec } from '../jopt/option-parser.ts'

export const OPTIONS: readonly OptionSpec[] = [
  ...DEFAULT_OPTIONS,
  {
    names: ['bootstrap-server'],
    description: 'REQUIRED: The server to connect to.',
    argument: { isRequired: true, describedAs: 'server(s) to use for bootstrapping' },
  },
  {
    names: ['offset-json-file'],
    description:
      'REQUIRED: The JSON file with offset per partition. The format to use is:\n{"partitions":\n  [{"topic": "foo", "partition": 1, "offset": 1}],\n "version":1\n}',
    argument: { isRequired: true, describedAs: 'Offset json file path' },
  },
  {
    names: ['command-config'],
    description: 'A property file containing configs to be passed to Admin Client.',
    argument: { isRequired: true, describedAs: 'command config property file path' },
  },
]

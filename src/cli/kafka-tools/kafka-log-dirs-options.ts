import { DEFAULT_OPTIONS } from '../jopt/java-main.ts'
import type { OptionSpec } from '../jopt/option-parser.ts'

export const OPTIONS: readonly OptionSpec[] = [
  ...DEFAULT_OPTIONS,
  {
    names: ['bootstrap-server'],
    description: 'REQUIRED: the server(s) to use for bootstrapping',
    argument: { isRequired: true, describedAs: 'The server(s) to use for bootstrapping' },
  },
  {
    names: ['command-config'],
    description: 'Property file containing configs to be passed to Admin Client.',
    argument: { isRequired: true, describedAs: 'Admin client property file' },
  },
  {
    names: ['describe'],
    description: 'Describe the specified log directories on the specified brokers.',
  },
  {
    names: ['topic-list'],
    description:
      'The list of topics to be queried in the form "topic1,topic2,topic3". All topics will be queried if no topic list is specified',
    argument: { isRequired: true, describedAs: 'Topic list', defaults: [''] },
  },
  {
    names: ['broker-list'],
    description:
      'The list of brokers to be queried in the form "0,1,2". All brokers in the cluster will be queried if no broker list is specified',
    argument: { isRequired: true, describedAs: 'Broker list', defaults: [''] },
  },
]

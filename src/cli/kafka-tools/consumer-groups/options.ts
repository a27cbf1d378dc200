import { DEFAULT_OPTIONS } from '../../jopt/java-main.ts'
import type { OptionSpec } from '../../jopt/option-parser.ts'

/** What kafka-consumer-groups of Kafka 3.9 takes (ConsumerGroupCommandOptions), with its own words. */
export const OPTIONS: readonly OptionSpec[] = [
  ...DEFAULT_OPTIONS,
  text('bootstrap-server', 'REQUIRED: The server(s) to connect to.', 'server to connect to'),
  text('group', 'The consumer group we wish to act on.', 'consumer group'),
  text(
    'topic',
    'The topic whose consumer group information should be deleted or topic whose should be included in the reset offset process. In `reset-offsets` case, partitions can be specified using this format: `topic1:0,1,2`, where 0,1,2 are the partition to be included in the process. Reset-offsets also supports multiple topic inputs.',
    'topic',
  ),
  flag('all-topics', 'Consider all topics assigned to a group in the `reset-offsets` process.'),
  flag('list', 'List all consumer groups.'),
  flag(
    'describe',
    'Describe consumer group and list offset lag (number of messages not yet processed) related to given group.',
  ),
  flag('all-groups', 'Apply to all consumer groups.'),
  flag(
    'delete',
    'Pass in groups to delete topic partition offsets and ownership information over the entire consumer group. For instance --group g1 --group g2',
  ),
  {
    names: ['timeout'],
    description:
      'The timeout that can be set for some use cases. For example, it can be used when describing the group to specify the maximum amount of time in milliseconds to wait before the group stabilizes (when the group is just created, or is going through some changes).',
    argument: { isRequired: true, type: 'Long', describedAs: 'timeout (ms)', defaults: [5000] },
  },
  text(
    'command-config',
    'Property file containing configs to be passed to Admin Client and Consumer.',
    'command config property file',
  ),
  flag(
    'reset-offsets',
    "Reset offsets of consumer group. Supports one consumer group at the time, and instances should be inactive\nHas 2 execution options: --dry-run (the default) to plan which offsets to reset, and --execute to update the offsets. Additionally, the --export option is used to export the results to a CSV format.\nYou must choose one of the following reset specifications: --to-datetime, --by-duration, --to-earliest, --to-latest, --shift-by, --from-file, --to-current, --to-offset.\nTo define the scope use --all-topics or --topic. One scope must be specified unless you use '--from-file'.",
  ),
  flag(
    'delete-offsets',
    'Delete offsets of consumer group. Supports one consumer group at the time, and multiple topics.',
  ),
  flag(
    'dry-run',
    'Only show results without executing changes on Consumer Groups. Supported operations: reset-offsets.',
  ),
  flag('execute', 'Execute operation. Supported operations: reset-offsets.'),
  flag('export', 'Export operation execution to a CSV file. Supported operations: reset-offsets.'),
  long('to-offset', 'Reset offsets to a specific offset.', 'offset'),
  text('from-file', 'Reset offsets to values defined in CSV file.', 'path to CSV file'),
  text('to-datetime', "Reset offsets to offset from datetime. Format: 'YYYY-MM-DDTHH:mm:SS.sss'", 'datetime'),
  text(
    'by-duration',
    "Reset offsets to offset by duration from current timestamp. Format: 'PnDTnHnMnS'",
    'duration',
  ),
  flag('to-earliest', 'Reset offsets to earliest offset.'),
  flag('to-latest', 'Reset offsets to latest offset.'),
  flag('to-current', 'Reset offsets to current offset.'),
  long(
    'shift-by',
    "Reset offsets shifting current offset by 'n', where 'n' can be positive or negative.",
    'number-of-offsets',
  ),
  {
    ...flag(
      'members',
      "Describe members of the group. This option may be used with '--describe' and '--bootstrap-server' options only.\nExample: --bootstrap-server localhost:9092 --describe --group group1 --members",
    ),
    availableIf: ['describe'],
  },
  {
    ...flag(
      'verbose',
      "Provide additional information, if any, when describing the group. This option may be used with '--offsets'/'--members'/'--state' and '--bootstrap-server' options only.\nExample: --bootstrap-server localhost:9092 --describe --group group1 --members --verbose",
    ),
    availableIf: ['describe'],
  },
  {
    ...flag(
      'offsets',
      "Describe the group and list all topic partitions in the group along with their offset lag. This is the default sub-action of and may be used with '--describe' and '--bootstrap-server' options only.\nExample: --bootstrap-server localhost:9092 --describe --group group1 --offsets",
    ),
    availableIf: ['describe'],
  },
  {
    names: ['state'],
    description:
      "When specified with '--describe', includes the state of the group.\nExample: --bootstrap-server localhost:9092 --describe --group group1 --state\nWhen specified with '--list', it displays the state of all groups. It can also be used to list groups with specific states.\nExample: --bootstrap-server localhost:9092 --list --state stable,empty\nThis option may be used with '--describe', '--list' and '--bootstrap-server' options only.",
    argument: { isRequired: false },
    availableIf: ['describe', 'list'],
  },
  {
    names: ['type'],
    description:
      "When specified with '--list', it displays the types of all the groups. It can also be used to list groups with specific types.\nExample: --bootstrap-server localhost:9092 --list --type classic,consumer\nThis option may be used with the '--list' option only.",
    argument: { isRequired: false },
    availableIf: ['list'],
  },
]

export const PURPOSE =
  'This tool helps to list all consumer groups, describe a consumer group, delete consumer group info, or reset consumer group offsets.'

function flag(name: string, description: string): OptionSpec {
  return { names: [name], description }
}

function text(name: string, description: string, describedAs: string): OptionSpec {
  return { names: [name], description, argument: { isRequired: true, describedAs } }
}

function long(name: string, description: string, describedAs: string): OptionSpec {
  return { names: [name], description, argument: { isRequired: true, type: 'Long', describedAs } }
}

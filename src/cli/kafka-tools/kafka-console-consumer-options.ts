import { DEFAULT_OPTIONS } from '../jopt/java-main.ts'
import type { OptionSpec } from '../jopt/option-parser.ts'

export const OPTIONS: readonly OptionSpec[] = [
  ...DEFAULT_OPTIONS,
  {
    names: ['topic'],
    description: 'The topic to consume on.',
    argument: { isRequired: true, describedAs: 'topic' },
  },
  {
    names: ['whitelist'],
    description:
      'DEPRECATED, use --include instead; ignored if --include specified. Regular expression specifying list of topics to include for consumption.',
    argument: { isRequired: true, describedAs: 'Java regex (String)' },
  },
  {
    names: ['include'],
    description: 'Regular expression specifying list of topics to include for consumption.',
    argument: { isRequired: true, describedAs: 'Java regex (String)' },
  },
  {
    names: ['partition'],
    description:
      "The partition to consume from. Consumption starts from the end of the partition unless '--offset' is specified.",
    argument: { isRequired: true, type: 'Integer', describedAs: 'partition' },
  },
  {
    names: ['offset'],
    description:
      "The offset to consume from (a non-negative number), or 'earliest' which means from beginning, or 'latest' which means from end",
    argument: { isRequired: true, describedAs: 'consume offset', defaults: ['latest'] },
  },
  {
    names: ['consumer-property'],
    description: 'A mechanism to pass user-defined properties in the form key=value to the consumer.',
    argument: { isRequired: true, describedAs: 'consumer_prop' },
  },
  {
    names: ['consumer.config'],
    description:
      'Consumer config properties file. Note that [consumer-property] takes precedence over this config.',
    argument: { isRequired: true, describedAs: 'config file' },
  },
  {
    names: ['formatter'],
    description: 'The name of a class to use for formatting kafka messages for display.',
    argument: {
      isRequired: true,
      describedAs: 'class',
      defaults: ['org.apache.kafka.tools.consumer.DefaultMessageFormatter'],
    },
  },
  {
    names: ['property'],
    description:
      "The properties to initialize the message formatter. Default properties include: \n print.timestamp=true|false\n print.key=true|false\n print.offset=true|false\n print.partition=true|false\n print.headers=true|false\n print.value=true|false\n key.separator=<key.separator>\n line.separator=<line.separator>\n headers.separator=<line.separator>\n null.literal=<null.literal>\n key.deserializer=<key.deserializer>\n value.deserializer=<value.deserializer>\n header.deserializer=<header.deserializer>\n\nUsers can also pass in customized properties for their formatter; more specifically, users can pass in properties keyed with 'key.deserializer.', 'value.deserializer.' and 'headers.deserializer.' prefixes to configure their deserializers.",
    argument: { isRequired: true, describedAs: 'prop' },
  },
  {
    names: ['formatter-config'],
    description:
      'Config properties file to initialize the message formatter. Note that [property] takes precedence over this config.',
    argument: { isRequired: true, describedAs: 'config file' },
  },
  {
    names: ['from-beginning'],
    description:
      'If the consumer does not already have an established offset to consume from, start with the earliest message present in the log rather than the latest message.',
  },
  {
    names: ['max-messages'],
    description:
      'The maximum number of messages to consume before exiting. If not set, consumption is continual.',
    argument: { isRequired: true, type: 'Integer', describedAs: 'num_messages' },
  },
  {
    names: ['timeout-ms'],
    description: 'If specified, exit if no message is available for consumption for the specified interval.',
    argument: { isRequired: true, type: 'Long', describedAs: 'timeout_ms' },
  },
  {
    names: ['skip-message-on-error'],
    description: 'If there is an error when processing a message, skip it instead of halt.',
  },
  {
    names: ['bootstrap-server'],
    description: 'REQUIRED: The server(s) to connect to.',
    argument: { isRequired: true, describedAs: 'server to connect to' },
  },
  {
    names: ['key-deserializer'],
    description: '',
    argument: { isRequired: true, describedAs: 'deserializer for key' },
  },
  {
    names: ['value-deserializer'],
    description: '',
    argument: { isRequired: true, describedAs: 'deserializer for values' },
  },
  {
    names: ['enable-systest-events'],
    description:
      'Log lifecycle events of the consumer in addition to logging consumed messages. (This is specific for system tests.)',
  },
  {
    names: ['isolation-level'],
    description:
      'Set to read_committed in order to filter out transactional messages which are not committed. Set to read_uncommitted to read all messages.',
    argument: { isRequired: true, defaults: ['read_uncommitted'] },
  },
  {
    names: ['group'],
    description: 'The consumer group id of the consumer.',
    argument: { isRequired: true, describedAs: 'consumer group id' },
  },
]

import { DEFAULT_OPTIONS } from '../jopt/java-main.ts'
import type { OptionSpec } from '../jopt/option-parser.ts'

export const OPTIONS: readonly OptionSpec[] = [
  ...DEFAULT_OPTIONS,
  {
    names: ['topic'],
    description: 'REQUIRED: The topic id to produce messages to.',
    argument: { isRequired: true, describedAs: 'topic' },
  },
  {
    names: ['broker-list'],
    description:
      'DEPRECATED, use --bootstrap-server instead; ignored if --bootstrap-server is specified.  The broker list string in the form HOST1:PORT1,HOST2:PORT2.',
    argument: { isRequired: true, describedAs: 'broker-list' },
  },
  {
    names: ['bootstrap-server'],
    description:
      'REQUIRED unless --broker-list(deprecated) is specified. The server(s) to connect to. The broker list string in the form HOST1:PORT1,HOST2:PORT2.',
    argument: { isRequired: true, describedAs: 'server to connect to' },
    requiredUnless: ['broker-list'],
  },
  {
    names: ['sync'],
    description:
      'If set message send requests to the brokers are synchronously, one at a time as they arrive.',
  },
  {
    names: ['compression-codec'],
    description:
      "The compression codec: either 'none', 'gzip', 'snappy', 'lz4', or 'zstd'.If specified without value, then it defaults to 'gzip'",
    argument: { isRequired: false, describedAs: 'compression-codec' },
  },
  {
    names: ['batch-size'],
    description:
      'Number of messages to send in a single batch if they are not being sent synchronously. please note that this option will be replaced if max-partition-memory-bytes is also set',
    argument: { isRequired: true, type: 'Integer', describedAs: 'size', defaults: [16384] },
  },
  {
    names: ['message-send-max-retries'],
    description:
      'Brokers can fail receiving the message for multiple reasons, and being unavailable transiently is just one of them. This property specifies the number of retries before the producer give up and drop this message. This is the option to control `retries` in producer configs.',
    argument: { isRequired: true, type: 'Integer', defaults: [3] },
  },
  {
    names: ['retry-backoff-ms'],
    description:
      'Before each retry, the producer refreshes the metadata of relevant topics. Since leader election takes a bit of time, this property specifies the amount of time that the producer waits before refreshing the metadata. This is the option to control `retry.backoff.ms` in producer configs.',
    argument: { isRequired: true, type: 'Long', defaults: [100] },
  },
  {
    names: ['timeout'],
    description:
      'If set and the producer is running in asynchronous mode, this gives the maximum amount of time a message will queue awaiting sufficient batch size. The value is given in ms. This is the option to control `linger.ms` in producer configs.',
    argument: { isRequired: true, type: 'Long', describedAs: 'timeout_ms', defaults: [1000] },
  },
  {
    names: ['request-required-acks'],
    description: 'The required `acks` of the producer requests',
    argument: { isRequired: true, describedAs: 'request required acks', defaults: ['-1'] },
  },
  {
    names: ['request-timeout-ms'],
    description: 'The ack timeout of the producer requests. Value must be non-negative and non-zero.',
    argument: { isRequired: true, type: 'Integer', describedAs: 'request timeout ms', defaults: [1500] },
  },
  {
    names: ['metadata-expiry-ms'],
    description:
      "The period of time in milliseconds after which we force a refresh of metadata even if we haven't seen any leadership changes. This is the option to control `metadata.max.age.ms` in producer configs.",
    argument: {
      isRequired: true,
      type: 'Long',
      describedAs: 'metadata expiration interval',
      defaults: [300000],
    },
  },
  {
    names: ['max-block-ms'],
    description: 'The max time that the producer will block for during a send request.',
    argument: { isRequired: true, type: 'Long', describedAs: 'max block on send', defaults: [60000] },
  },
  {
    names: ['max-memory-bytes'],
    description:
      'The total memory used by the producer to buffer records waiting to be sent to the server. This is the option to control `buffer.memory` in producer configs.',
    argument: { isRequired: true, type: 'Long', describedAs: 'total memory in bytes', defaults: [33554432] },
  },
  {
    names: ['max-partition-memory-bytes'],
    description:
      'The buffer size allocated for a partition. When records are received which are smaller than this size the producer will attempt to optimistically group them together until this size is reached. This is the option to control `batch.size` in producer configs.',
    argument: {
      isRequired: true,
      type: 'Integer',
      describedAs: 'memory in bytes per partition',
      defaults: [16384],
    },
  },
  {
    names: ['line-reader'],
    description:
      'The class name of the class to use for reading lines from standard in. By default each line is read as a separate message.',
    argument: {
      isRequired: true,
      describedAs: 'reader_class',
      defaults: ['kafka.tools.ConsoleProducer$LineMessageReader'],
    },
  },
  {
    names: ['socket-buffer-size'],
    description:
      'The size of the tcp RECV size. This is the option to control `send.buffer.bytes` in producer configs.',
    argument: { isRequired: true, type: 'Integer', describedAs: 'size', defaults: [102400] },
  },
  {
    names: ['property'],
    description:
      'A mechanism to pass user-defined properties in the form key=value to the message reader. This allows custom configuration for a user-defined message reader.\nDefault properties include:\n parse.key=false\n parse.headers=false\n ignore.error=false\n key.separator=\\t\n headers.delimiter=\\t\n headers.separator=,\n headers.key.separator=:\n null.marker=   When set, any fields (key, value and headers) equal to this will be replaced by null\nDefault parsing pattern when:\n parse.headers=true and parse.key=true:\n  "h1:v1,h2:v2...\\tkey\\tvalue"\n parse.key=true:\n  "key\\tvalue"\n parse.headers=true:\n  "h1:v1,h2:v2...\\tvalue"\n      ',
    argument: { isRequired: true, describedAs: 'prop' },
  },
  {
    names: ['reader-config'],
    description:
      'Config properties file for the message reader. Note that [property] takes precedence over this config.',
    argument: { isRequired: true, describedAs: 'config file' },
  },
  {
    names: ['producer-property'],
    description: 'A mechanism to pass user-defined properties in the form key=value to the producer. ',
    argument: { isRequired: true, describedAs: 'producer_prop' },
  },
  {
    names: ['producer.config'],
    description:
      'Producer config properties file. Note that [producer-property] takes precedence over this config.',
    argument: { isRequired: true, describedAs: 'config file' },
  },
]

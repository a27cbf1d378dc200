import { DEFAULT_OPTIONS } from '../jopt/java-main.ts'
import type { ArgumentType, OptionSpec } from '../jopt/option-parser.ts'

function option(name: string, description: string): OptionSpec {
  return { names: [name], description }
}

function valued(
  name: string,
  description: string,
  describedAs: string,
  type: ArgumentType = 'String',
  fallback?: string | number,
): OptionSpec {
  const defaults = fallback === undefined ? {} : { defaults: [fallback] }
  return { names: [name], description, argument: { isRequired: true, type, describedAs, ...defaults } }
}

/** `group`: the one that is read in when none is named. */
export function consumerPerfOptions(group: string): readonly OptionSpec[] {
  return [
    ...DEFAULT_OPTIONS,
    valued(
      'broker-list',
      'DEPRECATED, use --bootstrap-server instead; ignored if --bootstrap-server is specified. The broker list string in the form HOST1:PORT1,HOST2:PORT2.',
      'broker-list',
    ),
    valued(
      'bootstrap-server',
      'REQUIRED unless --broker-list (deprecated) is specified. The server(s) to connect to.',
      'server to connect to',
    ),
    valued('topic', 'REQUIRED: The topic to consume from.', 'topic'),
    valued('group', 'The group id to consume on.', 'gid', 'String', group),
    valued('fetch-size', 'The amount of data to fetch in a single request.', 'size', 'Integer', 1024 * 1024),
    option(
      'from-latest',
      'If the consumer does not already have an established offset to consume from, start with the latest message present in the log rather than the earliest message.',
    ),
    valued('socket-buffer-size', 'The size of the tcp RECV size.', 'size', 'Integer', 2 * 1024 * 1024),
    valued('threads', 'DEPRECATED AND IGNORED: Number of processing threads.', 'count', 'Integer', 10),
    valued('num-fetch-threads', 'DEPRECATED AND IGNORED: Number of fetcher threads.', 'count', 'Integer', 1),
    valued('consumer.config', 'Consumer config properties file.', 'config file'),
    option('print-metrics', 'Print out the metrics.'),
    option(
      'show-detailed-stats',
      'If set, stats are reported for each reporting interval as configured by reporting-interval',
    ),
    {
      names: ['timeout'],
      description: 'The maximum allowed time in milliseconds between returned records.',
      argument: { isRequired: false, type: 'Long', describedAs: 'milliseconds', defaults: [10_000] },
    },
    valued('messages', 'REQUIRED: The number of messages to send or consume', 'count', 'Long'),
    valued(
      'reporting-interval',
      'Interval in milliseconds at which to print progress info.',
      'interval_ms',
      'Long',
      5_000,
    ),
    valued(
      'date-format',
      'The date format to use for formatting the time field. See java.text.SimpleDateFormat for options.',
      'date format',
      'String',
      'yyyy-MM-dd HH:mm:ss:SSS',
    ),
    option('hide-header', 'If set, skips printing the header for the stats'),
  ]
}

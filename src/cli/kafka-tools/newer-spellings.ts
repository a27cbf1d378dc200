/**
 * What Kafka 4 calls options of Kafka 3.9, and what it has beside them (KIP-1147, KIP-1172): taken as well, so that scripts for
 * either run. Help and errors stay those of 3.9.
 */
import type { NewerOptions } from '../jopt/option-parser.ts'
import type { NewerArguments } from './argparse.ts'

const text = { argument: { isRequired: true } } as const

/** Of tools made with joptsimple, by name without hyphens. */
export const NEWER_OPTIONS = {
  'kafka-console-consumer': {
    'command-config': 'consumer.config',
    'command-property': 'consumer-property',
    'formatter-property': 'property',
  },
  'kafka-console-producer': {
    'command-config': 'producer.config',
    'command-property': 'producer-property',
    'reader-property': 'property',
  },
  'kafka-consumer-perf-test': {
    'command-config': 'consumer.config',
    'command-property': text,
    include: text,
    'num-records': 'messages',
  },
  'kafka-leader-election': { 'command-config': 'admin.config' },
} as const satisfies Readonly<Record<string, NewerOptions>>

/** Of tools made with argparse4j, by flag. */
export const NEWER_ARGUMENTS = {
  'kafka-producer-perf-test': {
    '--bootstrap-server': { type: 'String' },
    '--command-config': '--producer.config',
    '--command-property': '--producer-props',
  },
  'kafka-verifiable-consumer': { '--command-config': '--consumer.config' },
  'kafka-verifiable-producer': { '--command-config': '--producer.config' },
} as const satisfies Readonly<Record<string, NewerArguments>>

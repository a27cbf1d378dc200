import * as Flags from '@oclif/core/flags'
import type { Need } from './ask/need.ts'
import { topicNeeded } from './flags.ts'

const RATE_FLAG = { helpValue: 'RATE', dependsOn: ['execute'] }

/** Of `partitions reassign`: what is moved where, and how fast. */
export const moveFlags = {
  drain: Flags.string({
    helpValue: 'BROKER',
    multiple: true,
    multipleNonGreedy: true,
    summary: 'Move all replicas away from this broker, of the named topics or of all.',
    exclusive: ['brokers', 'replication-factor', 'plan', 'list', 'cancel'],
  }),
  execute: Flags.boolean({ summary: 'Do it.', exclusive: ['list', 'cancel'] }),
  throttle: Flags.string({
    ...RATE_FLAG,
    summary: 'Bytes per second that each broker may copy, such as 10M; taken away by --wait.',
  }),
  'log-dirs-throttle': Flags.string({
    ...RATE_FLAG,
    summary: 'The same for copying between log directories of a broker, which a plan can name.',
  }),
  wait: Flags.boolean({
    summary: 'Until it is done, then take throttles away. Alone: for what is under way.',
    exclusive: ['list', 'cancel'],
  }),
}

export const moveNeeded: Need = {
  ...topicNeeded,
  anyOf: ['topic', 'plan', 'drain', 'list', 'cancel', 'wait'],
  message: 'nothing to move',
  hint: 'Name topics, or give a plan with --plan FILE, or drain a broker with --drain.',
}

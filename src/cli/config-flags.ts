import * as Flags from '@oclif/core/flags'
import type { Need } from './ask/need.ts'
import { listFlag } from './flags.ts'

/** Whose settings are meant. */
export const configResourceFlags = {
  topic: listFlag({ helpValue: 'TOPIC', summary: 'A topic; may be given many times.' }),
  broker: listFlag({ helpValue: 'ID', summary: 'A broker, or several as 0,1.' }),
  'all-brokers': Flags.boolean({ summary: 'What holds for all brokers that have no setting of their own.' }),
}

export const configResourceNeeded: Need = {
  anyOf: Object.keys(configResourceFlags),
  ask: 'config-resource',
  message: 'whose settings is not said',
  hint: 'Give --topic TOPIC, --broker ID or --all-brokers.',
}

import type { CommandContext } from '../context.ts'
import { askForBroker, askForKilledBroker, askForPausedBroker } from './broker-questions.ts'
import { askForConfigChange, askForConfigResource, askForTopicChange } from './config-questions.ts'
import { askForGroup, askForGroupTopic, askForResetPlace, askForResetTopic } from './group-questions.ts'
import type { CommandLine } from './need.ts'
import { askForProfile, askForProfileToUse } from './profile-questions.ts'
import { askForNewTopic, askForTopic } from './topic-questions.ts'

/** Asks and gives the words that say it on a command line. `line` is what is known before. */
export type Question = (context: CommandContext, line: CommandLine) => Promise<readonly string[]>

/** All questions, by the names that the needs of commands have for them. */
export const QUESTIONS = {
  topic: askForTopic,
  'new-topic': askForNewTopic,
  'topic-change': askForTopicChange,
  group: askForGroup,
  'group-topic': askForGroupTopic,
  'reset-topic': askForResetTopic,
  'reset-place': askForResetPlace,
  broker: askForBroker,
  'killed-broker': askForKilledBroker,
  'paused-broker': askForPausedBroker,
  profile: askForProfile,
  'profile-to-use': askForProfileToUse,
  'config-resource': askForConfigResource,
  'config-change': askForConfigChange,
} as const satisfies Record<string, Question>

export type QuestionName = keyof typeof QUESTIONS

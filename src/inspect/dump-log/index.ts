/** Kafka's kafka-dump-log. Apart from the rest of the room, so that the command loads nothing else. */
export { type DumpLogOptions, dumpLogSegments } from './dump-log.ts'
export { splitCommas } from './java.ts'
export { DEFAULT_DECODER } from './message-parser.ts'

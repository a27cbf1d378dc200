/** What keys and values mean. */
export { defaultFormat, PAYLOAD_FORMATS, type Payload, type PayloadFormat, readPayload } from './formats.ts'

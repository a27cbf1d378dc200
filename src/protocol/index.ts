export { type Api, api, type ListenerKind, requestHeaderVersion, responseHeaderVersion } from './api.ts'
export { CodecError } from './codec-error.ts'
export { ERROR_CODES, type ErrorInfo, type ErrorName, errorInfo } from './error-codes.ts'
export {
  decodeRequestHeader,
  decodeResponseBody,
  decodeResponseHeader,
  encodeRequest,
  encodeResponse,
  FrameDecoder,
  peekRequest,
  type RequestHeader,
} from './frame.ts'
export { type Decoded, decodeVersioned, type Encodable, encodeVersioned, MessageType } from './message.ts'
export { Reader } from './reader.ts'
export type { Fields, Infer, Input } from './schema.ts'
export { SharedList } from './shared-list.ts'
export { includesVersion, parseVersions, type VersionRange } from './versions.ts'
export { type RecordsInput, Writer } from './writer.ts'

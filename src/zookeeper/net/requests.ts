import { ZooKeeperError } from '../errors.ts'
import { JuteError, type JuteReader } from '../jute.ts'
import type { SimpleRequest, WriteRequest } from '../prepare.ts'
import { CREATE_MODES, REQUEST_TYPES, readAcls, readMultiHeader } from './wire.ts'

/** A request that changes something, and the types it (or its steps) had on the wire: the answer depends on them. */
export interface WireWrite {
  readonly request: WriteRequest
  readonly types: readonly number[]
}

/** Undefined when this type of request changes nothing. Throws {@link JuteError}, BADARGUMENTS for an unknown create mode. */
export function readWriteRequest(type: number, reader: JuteReader): WireWrite | undefined {
  const types = [type]
  switch (type) {
    case REQUEST_TYPES.multi: {
      const steps = readSteps(reader, (stepType, each) => ({ type: stepType, op: readStep(stepType, each) }))
      const ops = steps.map(({ op }) => op)
      return { request: { kind: 'multi', ops }, types: steps.map((step) => step.type) }
    }
    case REQUEST_TYPES.deleteContainer:
      return { request: { kind: 'deleteContainer', path: restOf(reader) }, types }
    case REQUEST_TYPES.closeSession:
      return { request: { kind: 'closeSession' }, types }
    default: {
      const request = readSimple(type, reader)
      return request === undefined ? undefined : { request, types }
    }
  }
}

/** The steps of a multi or a multiRead, up to the header that says that it is done. */
export function readSteps<T>(reader: JuteReader, readOne: (type: number, reader: JuteReader) => T): T[] {
  const steps: T[] = []
  for (let header = readMultiHeader(reader); !header.isDone; header = readMultiHeader(reader)) {
    steps.push(readOne(header.type, reader))
  }
  return steps
}

function readStep(type: number, reader: JuteReader): SimpleRequest {
  if (type === REQUEST_TYPES.check)
    return { kind: 'check', path: reader.readString(), version: reader.readInt() }
  const step = readSimple(type, reader)
  if (step === undefined) throw new JuteError(`a multi has no steps of type ${type}`)
  return step
}

function readSimple(type: number, reader: JuteReader): SimpleRequest | undefined {
  switch (type) {
    case REQUEST_TYPES.create:
    case REQUEST_TYPES.create2:
    case REQUEST_TYPES.createContainer:
    case REQUEST_TYPES.createTtl:
      return readCreate(type, reader)
    case REQUEST_TYPES.delete:
      return { kind: 'delete', path: reader.readString(), version: reader.readInt() }
    case REQUEST_TYPES.setData:
      return {
        kind: 'setData',
        path: reader.readString(),
        data: reader.readBuffer(),
        version: reader.readInt(),
      }
    case REQUEST_TYPES.setAcl:
      return { kind: 'setAcl', path: reader.readString(), acl: readAcls(reader), version: reader.readInt() }
    default:
      return undefined
  }
}

function readCreate(type: number, reader: JuteReader): SimpleRequest {
  const path = reader.readString()
  const data = reader.readBuffer()
  const acl = readAcls(reader)
  const mode = CREATE_MODES[reader.readInt()]
  const ttlMs = type === REQUEST_TYPES.createTtl ? Number(reader.readBigLong()) : 0
  if (mode === undefined) throw new ZooKeeperError('BADARGUMENTS', path)
  return { kind: 'create', path, data, acl, mode, ttlMs }
}

/** The path of this one request has no length before it. */
function restOf({ bytes, position }: JuteReader): string {
  return bytes.toString('utf8', position)
}

import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { requestHeader, responseHeader } from '../../src/protocol/header.ts'
import {
  type Api,
  decodeRequestHeader,
  decodeResponseHeader,
  type Fields,
  type MessageType,
  Reader,
  requestHeaderVersion,
  responseHeaderVersion,
  Writer,
} from '../../src/protocol/index.ts'
import { APIS } from '../../src/protocol/messages/index.ts'

/** Frames that passed between Apache Kafka 3.9.1 and its clients, without their size. */
interface Golden {
  readonly apiKey: number
  readonly apiVersion: number
  readonly correlationId: number
  readonly requestHex: string
  readonly responseHex: string | null
}

const DIRECTORY = path.join(import.meta.dirname, '../golden/protocol')
const files = fs.readdirSync(DIRECTORY).filter((name) => name.endsWith('.json'))

function load(file: string): Golden & { spec: Api } {
  const golden = JSON.parse(fs.readFileSync(path.join(DIRECTORY, file), 'utf8')) as Golden
  const spec = APIS.get(golden.apiKey)
  if (spec === undefined) throw new Error(`no API ${golden.apiKey}`)
  return { ...golden, spec }
}

/** What is left after the header, decoded and encoded again. */
function again(
  message: MessageType<Fields>,
  version: number,
  reader: Reader,
): { bytes: Buffer; expected: Buffer } {
  const expected = reader.buffer.subarray(reader.position)
  const value = message.decode(reader, version)
  expect(reader.remaining, 'bytes left over').toBe(0)
  const writer = new Writer()
  message.encode(writer, version, value)
  return { bytes: writer.toBuffer(), expected }
}

describe('frames of Apache Kafka 3.9.1', () => {
  it('are there for the main APIs', () => {
    const keys = new Set(files.map((file) => load(file).apiKey))
    for (const key of [0, 1, 2, 3, 4, 5, 6, 18, 19, 20, 21, 22, 32, 35, 37, 44, 60])
      expect(keys, `api ${key}`).toContain(key)
  })

  it.each(files)('%s: the request reads and writes back the same', (file) => {
    const { spec, apiVersion, correlationId, requestHex } = load(file)
    const frame = Buffer.from(requestHex, 'hex')
    const reader = new Reader(frame)
    if (!spec.request.supports(apiVersion)) return
    const header = decodeRequestHeader(reader, spec, apiVersion)
    expect(header).toMatchObject({ requestApiKey: spec.key, requestApiVersion: apiVersion, correlationId })
    const headerBytes = requestHeader.encodeBuffer(requestHeaderVersion(spec, apiVersion), header)
    expect(headerBytes).toEqual(frame.subarray(0, reader.position))
    const { bytes, expected } = again(spec.request, apiVersion, reader)
    expect(bytes.toString('hex')).toBe(expected.toString('hex'))
  })

  it.each(files)('%s: the response reads and writes back the same', (file) => {
    const { spec, apiVersion, correlationId, responseHex } = load(file)
    if (responseHex === null) return
    const frame = Buffer.from(responseHex, 'hex')
    const reader = new Reader(frame)
    // An ApiVersions request of an unknown version is answered in version 0.
    const version = spec.response.supports(apiVersion) ? apiVersion : 0
    const header = decodeResponseHeader(reader, spec, version)
    expect(header).toEqual({ correlationId })
    const headerBytes = responseHeader.encodeBuffer(responseHeaderVersion(spec, version), header)
    expect(headerBytes).toEqual(frame.subarray(0, reader.position))
    const { bytes, expected } = again(spec.response, version, reader)
    expect(bytes.toString('hex')).toBe(expected.toString('hex'))
  })
})

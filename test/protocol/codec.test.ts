import { describe, expect, it } from 'vitest'
import type { Random } from '../../src/base/random.ts'
import { requestHeader, responseHeader } from '../../src/protocol/header.ts'
import { CodecError, decodeVersioned, encodeVersioned, type MessageType } from '../../src/protocol/index.ts'
import * as consumerGroup from '../../src/protocol/internal/consumer-group.ts'
import * as consumerProtocol from '../../src/protocol/internal/consumer-protocol.ts'
import * as groupMetadata from '../../src/protocol/internal/group-metadata.ts'
import * as principal from '../../src/protocol/internal/principal.ts'
import * as raftControl from '../../src/protocol/internal/raft-control.ts'
import * as shareGroup from '../../src/protocol/internal/share-group.ts'
import * as transactionLog from '../../src/protocol/internal/transaction-log.ts'
import { APIS } from '../../src/protocol/messages/index.ts'
import type { Fields } from '../../src/protocol/schema.ts'
import { defaultMessage, randomMessage } from '../support/random-message.ts'
import { testRandom } from '../support/seed.ts'

const INTERNAL = [
  consumerGroup,
  consumerProtocol,
  groupMetadata,
  principal,
  raftControl,
  shareGroup,
  transactionLog,
]

function allMessages(): MessageType<Fields>[] {
  const apis = [...APIS.values()].flatMap((api) => [api.request, api.response])
  const internal = INTERNAL.flatMap((module) => Object.values(module))
  return [...apis, ...internal, requestHeader, responseHeader] as unknown as MessageType<Fields>[]
}

function versionsOf(message: MessageType<Fields>): number[] {
  const { from, to } = message.versions
  return Array.from({ length: to - from + 1 }, (_, index) => from + index)
}

const { seed, random } = testRandom()

describe(`every message, every version (KCLI_SEED=${seed})`, () => {
  it('knows all 88 APIs, 33 internal records and both headers', () => {
    expect(allMessages().length).toBe(88 * 2 + 33 + 2)
  })

  it('decodes what it encoded', () => {
    for (const message of allMessages()) {
      for (const version of versionsOf(message)) {
        for (const value of [
          defaultMessage(message.fields),
          randomMessage(random, message.fields, version),
        ]) {
          const bytes = message.encodeBuffer(version, value)
          expect(message.decodeBuffer(bytes, version), `${message.name} v${version}`).toEqual(value)
        }
      }
    }
  })

  it('puts the version before what is stored, and takes no version that it does not know', () => {
    const key = { group: 'a group' }
    const bytes = encodeVersioned(groupMetadata.groupMetadataKey, 2, key)
    expect(bytes).toEqual(Buffer.from('\u0000\u0002\u0000\u0007a group'))
    expect(decodeVersioned(groupMetadata.groupMetadataKey, bytes)).toEqual({ version: 2, value: key })
    bytes.writeInt16BE(7)
    expect(() => decodeVersioned(groupMetadata.groupMetadataKey, bytes)).toThrow(CodecError)
  })

  it('takes a message with every field left out as one of defaults', () => {
    for (const message of allMessages()) {
      for (const version of versionsOf(message)) {
        const explicit = message.encodeBuffer(version, defaultMessage(message.fields))
        expect(message.encodeBuffer(version, {}), `${message.name} v${version}`).toEqual(explicit)
      }
    }
  })
})

describe(`hostile bytes (KCLI_SEED=${seed})`, () => {
  it('answers truncation with a CodecError', () => {
    for (const message of allMessages()) {
      const version = message.versions.to
      const bytes = message.encodeBuffer(version, randomMessage(random, message.fields, version))
      for (let length = 0; length < bytes.length; length += 1 + random.int(8)) {
        expect(() => message.decodeBuffer(bytes.subarray(0, length), version), message.name).toThrow(
          CodecError,
        )
      }
    }
  })

  it('answers changed bytes with a value or a CodecError', () => {
    for (const message of allMessages()) {
      for (const version of versionsOf(message)) {
        for (let round = 0; round < 6; round++) decodeMutated(random, message, version)
      }
    }
  })

  it('does not believe an array length that the bytes cannot hold', () => {
    const metadata = APIS.get(3)?.request as unknown as MessageType<Fields>
    expect(() => metadata.decodeBuffer(Buffer.from('7fffffff', 'hex'), 1)).toThrow(
      /2147483647 elements in 0 bytes/,
    )
    expect(
      metadata.decodeBuffer(Buffer.from('80000000', 'hex'), 1),
      'Kafka takes any negative length for null',
    ).toMatchObject({ topics: null })
    expect(() => metadata.decodeBuffer(Buffer.from('ffffffff0f', 'hex'), 9)).toThrow(CodecError)
  })

  it('names message, version, field and byte', () => {
    const heartbeat = APIS.get(12)?.request as unknown as MessageType<Fields>
    const bytes = heartbeat.encodeBuffer(4, { groupId: 'g', generationId: 1, memberId: 'm' })
    expect(() => heartbeat.decodeBuffer(bytes.subarray(0, 7), 4)).toThrow(
      /HeartbeatRequest v4, memberId, byte 7/,
    )
  })
})

function decodeMutated(from: Random, message: MessageType<Fields>, version: number): void {
  const bytes = Buffer.from(message.encodeBuffer(version, randomMessage(from, message.fields, version)))
  for (let change = 0; change < 3 && bytes.length > 0; change++) bytes[from.int(bytes.length)] = from.int(256)
  try {
    message.decodeBuffer(bytes, version)
  } catch (error) {
    if (!(error instanceof CodecError)) throw error
  }
}

describe('what a version cannot carry', () => {
  const heartbeat = APIS.get(12)?.request as unknown as MessageType<Fields>
  it('is refused when it matters', () => {
    expect(() => heartbeat.encodeBuffer(0, { groupId: 'g', groupInstanceId: 'i' })).toThrow(
      /version 0 cannot carry groupInstanceId/,
    )
  })

  it('is dropped when it is ignorable', () => {
    const response = APIS.get(12)?.response as unknown as MessageType<Fields>
    expect(response.encodeBuffer(0, { throttleTimeMs: 5, errorCode: 2 })).toEqual(Buffer.from('0002', 'hex'))
  })
})

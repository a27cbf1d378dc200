/** Asks brokers what they know of the cluster, and how long they keep others waiting meanwhile. */
import { systemClock } from '../../src/base/clock.ts'
import { createNodeNetwork } from '../../src/base/node-network.ts'
import { Connection } from '../../src/client/net/index.ts'
import { ERROR_CODES } from '../../src/protocol/index.ts'
import { metadata } from '../../src/protocol/messages/03-metadata.ts'
import { apiVersions } from '../../src/protocol/messages/18-api-versions.ts'
import { type CreateTopicsRequestInput, createTopics } from '../../src/protocol/messages/19-create-topics.ts'

const POLL_MS = 5
const PROBE_MS = 2
const LIMIT_MS = 120_000
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

const open = (port: number) =>
  Connection.open(
    createNodeNetwork(systemClock),
    { kind: 'tcp', host: '127.0.0.1', port },
    { clock: systemClock, clientId: 'observer', connectTimeoutMs: 5_000, requestTimeoutMs: LIMIT_MS },
  )

/** The broker that each of these takes for the controller, when they agree; else -1. */
export async function controllerOf(ports: readonly number[]): Promise<number> {
  const known = await Promise.all(
    ports.map(async (port) => {
      const connection = await open(port)
      const { controllerId } = await connection.send(metadata, { topics: [] })
      connection.close()
      return controllerId
    }),
  )
  return known.every((id) => id === known[0]) ? (known[0] ?? -1) : -1
}

/** One request to the controller; resolves when it was answered. */
export async function createAll(port: number, topics: CreateTopicsRequestInput['topics']): Promise<void> {
  const connection = await open(port)
  try {
    const answer = await connection.send(createTopics, { topics, timeoutMs: LIMIT_MS })
    const refused = answer.topics.find(({ errorCode }) => errorCode !== ERROR_CODES.NONE)
    if (refused !== undefined) {
      throw new Error(`${refused.name}: error ${refused.errorCode} ${refused.errorMessage ?? ''}`)
    }
  } finally {
    connection.close()
  }
}

/**
 * Resolves when all these brokers say that there are so many partitions, each with a leader among `live` and with an ISR
 * of exactly those of its replicas that live.
 */
export async function allInPlace(
  ports: readonly number[],
  partitionCount: number,
  live: readonly number[],
): Promise<void> {
  const deadlineMs = performance.now() + LIMIT_MS
  for (const port of ports) {
    const connection = await open(port)
    try {
      for (;;) {
        const { topics } = await connection.send(metadata, { topics: null })
        const partitions = topics.filter(({ isInternal }) => !isInternal).flatMap((each) => each.partitions)
        const isInPlace = partitions.every(
          ({ leaderId, isrNodes, replicaNodes }) =>
            live.includes(leaderId) &&
            isrNodes.length === replicaNodes.filter((id) => live.includes(id)).length &&
            isrNodes.every((id) => live.includes(id)),
        )
        if (partitions.length === partitionCount && isInPlace) break
        if (performance.now() > deadlineMs)
          throw new Error(`${partitions.length} partitions after ${LIMIT_MS} ms, not all in place`)
        await pause(POLL_MS)
      }
    } finally {
      connection.close()
    }
  }
}

/** The longest time that one of these brokers took to answer ApiVersions while the work was done. */
export async function longestWaitMs(ports: readonly number[], work: () => Promise<void>): Promise<number> {
  let isOver = false
  const probes = ports.map(async (port) => {
    const connection = await open(port)
    let longest = 0
    while (!isOver) {
      const beganMs = performance.now()
      await connection.send(apiVersions, { clientSoftwareName: 'observer', clientSoftwareVersion: '1' })
      longest = Math.max(longest, performance.now() - beganMs)
      await pause(PROBE_MS)
    }
    connection.close()
    return longest
  })
  try {
    await work()
  } finally {
    isOver = true
  }
  return Math.max(...(await Promise.all(probes)))
}

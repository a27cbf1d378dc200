import fs from 'node:fs'
import { expect, test } from 'vitest'
import { sessionPassword } from '../../src/zookeeper/sessions.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'
import { DATA_DIR, dumpTree, openClient, openServer, recordingLogger } from './support.ts'

const GOLDEN = new URL('../golden/zookeeper/', import.meta.url)

function goldenFiles(names: readonly string[]): MemoryFileSystem {
  const memory = new MemoryFileSystem()
  for (const name of names)
    memory.put(`${DATA_DIR}/version-2/${name}`, fs.readFileSync(new URL(`version-2/${name}`, GOLDEN)))
  return memory
}

function goldenTree(): unknown[] {
  const lines = fs.readFileSync(new URL('tree.ndjson', GOLDEN), 'utf8').trim().split('\n')
  return lines.map((line) => JSON.parse(line))
}

function byPath(nodes: readonly unknown[]): Map<unknown, unknown> {
  return new Map(nodes.map((node) => [(node as { path: string }).path, node]))
}

test.each([
  ['from the newest snapshot', ['snapshot.0', 'snapshot.13', 'log.1', 'log.14']],
  ['from the first snapshot and all logs', ['snapshot.0', 'log.1', 'log.14']],
])('a directory of ZooKeeper 3.8.4 is read, %s', async (_, names) => {
  const logger = recordingLogger()
  const { server, client } = await openClient(goldenFiles(names), { logger })
  expect(byPath(await dumpTree(client))).toEqual(byPath(goldenTree()))
  // The digest after each transaction, and that of the snapshot, are compared while loading.
  expect(logger.lines).toEqual([])
  await server.close()
})

test('sessions of a former process, and their nodes, can be ended on opening', async () => {
  const files = goldenFiles(['snapshot.0', 'snapshot.13', 'log.1', 'log.14'])
  const { server, client } = await openClient(files, { expireSessionsOnOpen: true })
  expect(server.sessionCount).toBe(1)
  expect(await client.exists('/left')).toBeNull()
  expect(await client.exists('/m')).not.toBeNull()
  await server.close()
  const again = await openServer(files.restarted())
  expect(again.nodeCount).toBe(goldenTree().length - 1)
  await again.close()
})

test('a damaged newest snapshot is passed over', async () => {
  const files = goldenFiles(['snapshot.0', 'snapshot.13', 'log.1', 'log.14'])
  const path = `${DATA_DIR}/version-2/snapshot.13`
  const bytes = files.readFileSync(path)
  bytes[700] = (bytes[700] ?? 0) ^ 1
  files.put(path, bytes)
  const logger = recordingLogger()
  const { server, client } = await openClient(files, { logger })
  expect(byPath(await dumpTree(client))).toEqual(byPath(goldenTree()))
  expect(logger.lines).toHaveLength(1)
  await server.close()
})

test('the password that 3.8.4 gave to a session', () => {
  const given = [27, 93, -82, -106, 12, 24, 93, -37, -15, -48, 78, 69, 53, -59, 21, -124]
  expect([...new Int8Array(sessionPassword(0x100001f2f770000n))]).toEqual(given)
})

import { expect, test } from 'vitest'
import type { Random } from '../../src/base/random.ts'
import type { ZooKeeperClient } from '../../src/zookeeper/index.ts'
import { MemoryFileSystem } from '../support/memory-file-system.ts'
import { testRandom } from '../support/seed.ts'
import { openClient, openServer, recordingLogger } from './support.ts'

/** What the tree must hold, by path: the data, as it was after each write in turn. */
type Model = Map<string, string>

function randomWrite(random: Random, model: Model, client: ZooKeeperClient): Promise<unknown> {
  const path = `/n${random.int(12)}`
  const data = String(random.int(1e9)).repeat(1 + random.int(40))
  if (!model.has(path)) {
    model.set(path, data)
    return client.create(path, Buffer.from(data))
  }
  if (random.int(3) === 0) {
    model.delete(path)
    return client.delete(path)
  }
  model.set(path, data)
  return client.setData(path, Buffer.from(data))
}

async function contentsOf(client: ZooKeeperClient): Promise<Model> {
  const found: Model = new Map()
  for (const name of (await client.getChildren('/')).children) {
    if (name === 'zookeeper') continue
    found.set(`/${name}`, (await client.getData(`/${name}`)).data?.toString() ?? '')
  }
  return found
}

/** Writes until the files fail. States[i] is the model after i writes; all writes up to `acknowledged` were confirmed. */
async function runUntilFailure(random: Random, fs: MemoryFileSystem, forceSync: boolean) {
  const states: Model[] = [new Map()]
  let acknowledged = 0
  try {
    const { server, client } = await openClient(fs, { forceSync, snapshotEveryTxns: 20 })
    const model: Model = new Map()
    for (let turn = 0; turn < 12; turn++) {
      const writes: Promise<unknown>[] = []
      for (let i = random.int(6); i >= 0; i--) {
        const number = states.length
        const write = randomWrite(random, model, client).then(() => {
          acknowledged = number
        })
        writes.push(write)
        states.push(new Map(model))
      }
      await Promise.all(writes.map((write) => write.catch(() => undefined)))
      await new Promise(setImmediate)
    }
    await server.close()
    return { states, acknowledged, isSynced: forceSync, finished: true }
  } catch {
    return { states, acknowledged, isSynced: forceSync, finished: false }
  }
}

async function checkReopened(
  files: MemoryFileSystem,
  run: { states: Model[]; acknowledged: number; isSynced: boolean },
  label: string,
) {
  const logger = recordingLogger()
  const { server, client } = await openClient(files, { logger, expireSessionsOnOpen: true })
  const found = await contentsOf(client)
  const possible = run.states.slice(run.acknowledged)
  const isOneOf = possible.some(
    (state) => JSON.stringify([...state].sort()) === JSON.stringify([...found].sort()),
  )
  expect(isOneOf, `${label}: acknowledged ${run.acknowledged} of ${run.states.length - 1}`).toBe(true)
  expect(logger.lines, label).toEqual([])
  await client.create('/after', null)
  if (run.isSynced) {
    // What the one before had written and not synced is needed by what this one has synced.
    const later = await openClient(files.afterPowerFailure(), { logger })
    expect(await contentsOf(later.client), label).toEqual(new Map([...found, ['/after', '']]))
    await later.server.close()
  }
  await server.close()
  const again = await openServer(files.restarted(), { logger })
  expect(logger.lines, label).toEqual([])
  await again.close()
}

test.each([true, false])(
  'a failure at any change of the files loses nothing acknowledged (forceSync %s)',
  async (forceSync) => {
    const { seed, random } = testRandom()
    let failAt = 0
    for (;;) {
      const fs = new MemoryFileSystem()
      fs.failFrom = failAt
      const run = await runUntilFailure(random, fs, forceSync)
      const label = `seed ${seed}, failing at change ${failAt}`
      await checkReopened(fs.restarted(), run, `${label}, process killed`)
      if (forceSync) await checkReopened(fs.afterPowerFailure(), run, `${label}, power failed`)
      if (run.finished && fs.changes.length <= failAt) break
      failAt++
    }
    // It really was cut at many places.
    expect(failAt).toBeGreaterThan(20)
  },
)

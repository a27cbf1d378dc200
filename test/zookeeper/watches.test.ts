import { describe, expect, test } from 'vitest'
import type { WatchEvent, Watcher, ZooKeeperClient } from '../../src/zookeeper/index.ts'
import { CLIENTS, recordingLogger } from './support.ts'

function recorder(): { heard: string[]; watcher: Watcher; take: () => string[] } {
  const heard: string[] = []
  const watcher = ({ type, path }: WatchEvent) => {
    heard.push(`${type} ${path}`)
  }
  return { heard, watcher, take: () => heard.splice(0) }
}

async function touchAll(client: ZooKeeperClient, path: string): Promise<void> {
  await client.create(path, null)
  await client.setData(path, null)
  await client.create(`${path}/c`, null)
  await client.setData(`${path}/c`, null)
  await client.delete(`${path}/c`)
  await client.delete(path)
}

describe.each(CLIENTS)('%s', (_, openClient) => {
  test('exists hears of creation, change or deletion, once', async () => {
    const { client } = await openClient()
    const { watcher, take } = recorder()
    expect(await client.exists('/a', watcher)).toBeNull()
    await touchAll(client, '/a')
    expect(take()).toEqual(['NodeCreated /a'])
    await client.create('/a', null)
    await client.exists('/a', watcher)
    await client.setData('/a', null)
    await client.setData('/a', null)
    expect(take()).toEqual(['NodeDataChanged /a'])
    await client.exists('/a', watcher)
    await client.delete('/a')
    expect(take()).toEqual(['NodeDeleted /a'])
  })

  test('getData hears of change and deletion, but not of children, and not of a node that is not there', async () => {
    const { client } = await openClient()
    const { watcher, take } = recorder()
    await expect(client.getData('/a', watcher)).rejects.toThrow('NONODE')
    await client.create('/a', null)
    await client.getData('/a', watcher)
    await client.create('/a/b', null)
    expect(take()).toEqual([])
    await client.setData('/a', null)
    expect(take()).toEqual(['NodeDataChanged /a'])
  })

  test('getChildren hears of children and of its own deletion', async () => {
    const { client } = await openClient()
    const { watcher, take } = recorder()
    await client.create('/a', null)
    await client.getChildren('/a', watcher)
    await client.setData('/a', null)
    expect(take()).toEqual([])
    await client.create('/a/b', null)
    await client.setData('/a/b', null)
    await client.create('/a/c', null)
    expect(take()).toEqual(['NodeChildrenChanged /a'])
    await client.getChildren('/a', watcher)
    await client.delete('/a/b')
    expect(take()).toEqual(['NodeChildrenChanged /a'])
    await client.delete('/a/c')
    await client.getChildren('/a', watcher)
    await client.getData('/a', watcher)
    await client.delete('/a')
    expect(take()).toEqual(['NodeDeleted /a'])
  })

  test('the same watcher on the same node is called once, different ones each', async () => {
    const { client } = await openClient()
    const one = recorder()
    const two = recorder()
    await client.exists('/a', one.watcher)
    await client.exists('/a', one.watcher)
    await client.exists('/a', two.watcher)
    await client.create('/a', null)
    expect(one.take()).toHaveLength(1)
    expect(two.take()).toHaveLength(1)
  })

  test('persistent watches stay, and hear of their own node only', async () => {
    const { client } = await openClient()
    const { watcher, take } = recorder()
    await client.addWatch('/a', 'persistent', watcher)
    const expected = [
      'NodeCreated /a',
      'NodeDataChanged /a',
      'NodeChildrenChanged /a',
      'NodeChildrenChanged /a',
      'NodeDeleted /a',
    ]
    await touchAll(client, '/a')
    expect(take()).toEqual(expected)
    // A one-shot watch on top is used up, the lasting one is not.
    await client.exists('/a', watcher)
    await touchAll(client, '/a')
    expect(take()).toEqual(expected)
    await client.removeWatches('/a', 'persistent', watcher)
    await touchAll(client, '/a')
    expect(take()).toEqual([])
  })

  test('persistent recursive watches hear of all below, but of no list of children', async () => {
    const { client } = await openClient()
    const { watcher, take } = recorder()
    await client.addWatch('/', 'persistent-recursive', watcher)
    const expected = [
      'NodeCreated /a',
      'NodeDataChanged /a',
      'NodeCreated /a/c',
      'NodeDataChanged /a/c',
      'NodeDeleted /a/c',
      'NodeDeleted /a',
    ]
    await touchAll(client, '/a')
    expect(take()).toEqual(expected)
    await client.removeWatches('/', 'any')
    await touchAll(client, '/a')
    expect(take()).toEqual([])
  })

  test('removing one of two watchers leaves the other', async () => {
    const { server, client } = await openClient()
    const one = recorder()
    const two = recorder()
    await client.exists('/a', one.watcher)
    await client.exists('/a', two.watcher)
    await client.removeWatches('/a', 'data', one.watcher)
    await expect(client.removeWatches('/a', 'data', one.watcher)).rejects.toThrow('NOWATCHER')
    await expect(client.removeWatches('/a', 'children')).rejects.toThrow('NOWATCHER')
    await client.create('/a', null)
    expect(one.take()).toEqual([])
    expect(two.take()).toEqual(['NodeCreated /a'])
    expect(server.watchCount).toBe(0)
  })

  test('events come after the whole transaction and before its answer; a watcher can ask again at once', async () => {
    const { client } = await openClient()
    const order: string[] = []
    const seen: Promise<unknown>[] = []
    const watcher = ({ type }: WatchEvent) => {
      order.push(type)
      seen.push(client.getChildren('/a'))
    }
    await client.exists('/a', watcher)
    await client
      .multi([
        { type: 'create', path: '/a', data: null },
        { type: 'create', path: '/a/b', data: null },
      ])
      .then(() => order.push('answer'))
    expect(order).toEqual(['NodeCreated', 'answer'])
    expect(await seen[0]).toMatchObject({ children: ['b'] })
  })

  test('a refused multi is heard of by nobody', async () => {
    const { client } = await openClient()
    const { watcher, take } = recorder()
    await client.addWatch('/', 'persistent-recursive', watcher)
    await client
      .multi([
        { type: 'create', path: '/a', data: null },
        { type: 'check', path: '/a', version: 9 },
      ])
      .catch(() => undefined)
    expect(take()).toEqual([])
  })

  test("other clients hear too, also of the end of a session's nodes, until their own session ends", async () => {
    const { server, client } = await openClient()
    const other = await server.connect({ timeoutMs: 5000 })
    const { watcher, take } = recorder()
    await other.create('/e', null, { mode: 'ephemeral' })
    await client.exists('/e', watcher)
    await client.getChildren('/', watcher)
    await other.close()
    // What happened before this was answered has been heard.
    await client.sync('/')
    expect(take()).toEqual(['NodeDeleted /e', 'NodeChildrenChanged /'])
    const third = await server.connect({ timeoutMs: 5000 })
    await third.exists('/x', watcher)
    await third.addWatch('/x', 'persistent-recursive', watcher)
    expect(server.watchCount).toBe(1)
    await third.close()
    expect(server.watchCount).toBe(0)
    await client.create('/x', null)
    expect(take()).toEqual([])
  })

  test('a watcher that throws harms nobody', async () => {
    const logger = recordingLogger()
    const { client } = await openClient(undefined, { logger })
    const { watcher, take } = recorder()
    await client.exists('/a', () => {
      throw new Error('mistake')
    })
    await client.exists('/a', watcher)
    await client.create('/a', null)
    expect(take()).toEqual(['NodeCreated /a'])
    expect(logger.lines).toEqual(['a watcher threw: mistake'])
  })

  test('many nodes are read in one go, each with its own answer and watch', async () => {
    const { client } = await openClient()
    const { watcher, take } = recorder()
    await client.create('/a', Buffer.from('1'))
    const made = client.create('/b', Buffer.from('2'))
    const read = client.getDataOfAll(['/b', '/none', '/a'], watcher)
    await made
    const [b, none, a] = await read
    expect([b, a]).toMatchObject([
      { data: Buffer.from('2') },
      { data: Buffer.from('1'), stat: { version: 0 } },
    ])
    expect(none).toMatchObject({ zkCode: 'NONODE', path: '/none' })
    await client.create('/none', null)
    await client.setData('/a', null)
    await client.delete('/b')
    expect(take()).toEqual(['NodeDataChanged /a', 'NodeDeleted /b'])
    await expect(client.getDataOfAll(['/a', 'bad'])).rejects.toMatchObject({ zkCode: 'BADARGUMENTS' })
    await client.close()
    await expect(client.getDataOfAll(['/a'])).rejects.toMatchObject({ zkCode: 'SESSIONEXPIRED' })
  })
})

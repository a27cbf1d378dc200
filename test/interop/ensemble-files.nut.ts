/** One directory, served by ZooKeeper and by kcli in turn: nothing changes for a client that stays connected to whoever serves. */
import type { ChildProcess } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { expect, it } from 'vitest'
import { isZooKeeperError, PERMISSIONS, type ZooKeeperClient } from '../../src/zookeeper/index.ts'
import { dumpTree } from '../zookeeper/support.ts'
import { stopChild } from './support/child.ts'
import { freePorts } from './support/environment.ts'
import { startZookeeper } from './support/kafka.ts'
import { createKcliHome, type KcliHome, type KcliServer, kcli, startKcliServer } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'
import { connectTo } from './support/zookeeper-client.ts'

const ANN = [{ scheme: 'digest', auth: 'ann:secret' }]
const DAY_MS = 24 * 3600 * 1000

describeInterop('a directory of ZooKeeper', ['kafka', 'driver'], () => {
  it.each(['SIGKILL', 'SIGTERM'] as const)('goes from server to server and back by %s', async (signal) => {
    const home = createKcliHome()
    const [realPort = 0, ownPort = 0] = await freePorts(2)
    const real = () => startZookeeper(home.dir, realPort, ['-Dzookeeper.extendedTypesEnabled=true'])
    const own = () => startOwn(home, ownPort)
    const client = connectTo([realPort, ownPort], ANN)
    client.catch(() => undefined)
    let java: ChildProcess | undefined
    let node: KcliServer | undefined
    try {
      java = await real()
      const zk = await client
      const heard: string[] = []
      await fill(home, zk, `127.0.0.1:${realPort}`, 'real')
      await zk.exists('/own', ({ type }) => heard.push(type))
      const before = await dumpTree(zk)
      await stopChild(java, signal)

      node = await own()
      expect(await patientDump(zk)).toEqual(before)
      await fill(home, zk, `127.0.0.1:${ownPort}`, 'own')
      expect(heard).toEqual(['NodeCreated'])
      const between = await dumpTree(zk)
      expect(between.filter(({ ephemeralOwner }) => ephemeralOwner === String(zk.sessionId))).toHaveLength(2)
      await node.stop(signal)

      java = await real()
      expect(await patientDump(zk)).toEqual(between)
      await fill(home, zk, `127.0.0.1:${realPort}`, 'again')
      await zk.close()
      await stopChild(java, signal)

      node = await own()
      const other = await connectTo([ownPort], ANN)
      const paths = (await dumpTree(other)).map((each) => each.path)
      expect(paths).toContain('/again/ttl')
      expect(paths.filter((each) => each.endsWith('/mine'))).toEqual([])
      await other.close()
    } finally {
      if (java) await stopChild(java, 'SIGKILL')
      await node?.stop('SIGKILL')
      home.remove()
    }
  })
})

/** Reads again while the client looks for the server that serves now. */
async function patientDump(zk: ZooKeeperClient) {
  for (;;) {
    try {
      return await dumpTree(zk)
    } catch (error) {
      if (!isZooKeeperError(error, 'CONNECTIONLOSS')) throw error
    }
  }
}

/** Something of every kind. */
async function fill(home: KcliHome, zk: ZooKeeperClient, server: string, name: string): Promise<void> {
  const at = `/${name}`
  const acl = [{ perms: PERMISSIONS.all, id: { scheme: 'auth', id: '' } }]
  await zk.create(at, Buffer.from(name))
  await zk.create(`${at}/mine`, null, { mode: 'ephemeral' })
  await zk.create(`${at}/secret`, Buffer.from('x'), { acl })
  await zk.create(`${at}/container`, null, { mode: 'container' })
  await zk.create(`${at}/container/child`, Buffer.alloc(0))
  await zk.create(`${at}/ttl`, null, { mode: 'persistent-ttl', ttlMs: DAY_MS })
  for (let i = 0; i < 3; i++) await zk.create(`${at}/n-`, null, { mode: 'persistent-sequential' })
  await zk.delete(`${at}/n-0000000001`).catch(() => undefined)
  await zk.setData(at, Buffer.alloc(2_000, name))
  await zk.multi([
    { type: 'check', path: at, version: 1 },
    { type: 'create', path: `${at}/multi`, data: null },
    { type: 'setData', path: `${at}/multi`, data: Buffer.from('é') },
  ])
  const failed = zk.multi([
    { type: 'create', path: `${at}/never`, data: null },
    { type: 'check', path: at, version: 99 },
  ])
  await expect(failed).rejects.toMatchObject({ zkCode: 'BADVERSION' })
  const quota = await kcli(home, ['zk', '--server', server, 'setquota', '-n', '100', at])
  expect(quota.code).toBe(0)
  await zk.sync('/')
}

function startOwn(home: KcliHome, port: number): Promise<KcliServer> {
  const config = path.join(home.dir, 'own.cfg')
  writeFileSync(config, 'extendedTypesEnabled=true\n')
  const dataDir = path.join(home.dir, 'zookeeper')
  const flags = ['--data-dir', dataDir, '--listen', `127.0.0.1:${port}`]
  return startKcliServer(home, ['zookeeper', 'start', config, ...flags])
}

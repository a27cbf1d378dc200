import fs from 'node:fs'
import path from 'node:path'
import { expect, it, onTestFinished } from 'vitest'
import { FileLocks } from '../../src/base/file-lock.ts'
import { Admin, Producer } from '../../src/client/index.ts'
import { type LocalTarget, openLocalTarget, systemPorts } from '../../src/cluster/index.ts'
import type { RecoveryProgress } from '../../src/storage/index.ts'
import { temporaryDirectory } from '../support/temporary.ts'

function open(dataDir: string, onRecovery: (progress: RecoveryProgress) => void): LocalTarget {
  const target = openLocalTarget(systemPorts({ locks: new FileLocks() }), dataDir, { onRecovery })
  onTestFinished(() => target.close())
  return target
}

it('what all brokers have to recover after a kill is told as one sum', async () => {
  const folder = temporaryDirectory()
  const quiet: RecoveryProgress[] = []
  const target = open(path.join(folder, 'data'), (progress) => quiet.push(progress))
  const admin = new Admin(target.clientOptions)
  await admin.createTopics([{ name: 'orders', numPartitions: 4, replicationFactor: 3 }])
  await admin.close()
  const producer = new Producer(target.clientOptions)
  await Promise.all(
    [0, 1, 2, 3].map((partition) => producer.send({ topic: 'orders', partition, value: 'x' })),
  )
  await producer.close()
  expect(quiet).toEqual([])

  // What a kill leaves.
  const killed = path.join(folder, 'killed')
  fs.cpSync(path.join(folder, 'data'), killed, { recursive: true, filter: (from) => !from.endsWith('.sock') })
  const told: RecoveryProgress[] = []
  const again = open(killed, (progress) => told.push(progress))
  const list = new Admin(again.clientOptions)
  expect((await list.listTopics()).map(({ name }) => name)).toEqual(['orders'])
  await list.close()
  const last = told.at(-1)
  expect(last).toMatchObject({ logs: 12, totalLogs: 12 })
  expect([last?.totalBytes, (last?.totalBytes ?? 0) > 12 * 61]).toEqual([last?.bytes, true])
  expect(told.map(({ logs }) => logs)).toEqual([...told.map(({ logs }) => logs)].sort((a, b) => a - b))
})

it('a log directory that cannot be used is told by name, and the cluster serves without it', async () => {
  const folder = path.join(temporaryDirectory(), 'data')
  fs.mkdirSync(folder)
  const brokers = [{ id: 0, logDirs: ['broker-0', 'disk-2'] }]
  fs.writeFileSync(path.join(folder, 'kcli.json'), JSON.stringify({ version: 2, brokers }))
  fs.writeFileSync(path.join(folder, 'disk-2'), 'no directory')
  const told: string[] = []
  const target = openLocalTarget(systemPorts(), folder, { onLogDirOffline: (text) => told.push(text) })
  onTestFinished(() => target.close())
  const admin = new Admin(target.clientOptions)
  await admin.createTopics([{ name: 'orders', numPartitions: 2, replicationFactor: 1 }])
  expect((await admin.listTopics()).map(({ name }) => name)).toEqual(['orders'])
  await admin.close()
  expect(told).toEqual([expect.stringMatching(/^broker 0: the log directory .*disk-2 is offline: /)])
})

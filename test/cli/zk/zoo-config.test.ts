import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { readZooConfig } from '../../../src/cli/services/zookeeper/zoo-config.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

function read(lines: readonly string[]) {
  const file = join(temporaryDirectory(), 'zoo.cfg')
  writeFileSync(file, lines.join('\n'))
  const warnings: string[] = []
  return { ...readZooConfig(file, (text) => warnings.push(text)), warnings }
}

it('the sample that comes with ZooKeeper', () => {
  const { dataDir, address, server, warnings } = read([
    'tickTime=2000',
    'initLimit=10',
    'syncLimit=5',
    'dataDir=/var/lib/zookeeper',
    'clientPort=2181',
  ])
  expect({ dataDir, address, warnings }).toEqual({
    dataDir: '/var/lib/zookeeper',
    address: ':2181',
    warnings: [],
  })
  // autopurge.purgeInterval is 0 by default: nobody removes anything.
  expect(server).toEqual({ sessions: { tickMs: 2000 }, snapshotsKept: Number.POSITIVE_INFINITY })
})

it('logs elsewhere, limits that are kept to, old files that go', () => {
  const { server, warnings } = read([
    'dataDir=/var/lib/zookeeper',
    'dataLogDir=/fast/zookeeper',
    'enforceQuota=true',
    'autopurge.purgeInterval=1',
    'autopurge.snapRetainCount=5',
    'maxClientCnxns=0',
  ])
  expect(server).toMatchObject({ dataLogDir: '/fast/zookeeper', enforceQuota: true, snapshotsKept: 5 })
  expect(warnings).toEqual([])
})

it('fewer than three snapshots are never kept', () => {
  const { server } = read(['autopurge.purgeInterval=1', 'autopurge.snapRetainCount=1'])
  expect(server?.snapshotsKept).toBe(3)
})

it.each([
  ['server.1=zk1:2888:3888', 'belongs to an ensemble'],
  ['ssl.keyStore.location=/x', 'is not supported'],
  ['tickTime=soon', "tickTime is 'soon', which is no number"],
])('%s is refused', (line, reason) => {
  expect(() => read([line])).toThrow(reason)
})

it('what is not known is told', () => {
  expect(read(['nonsense=1']).warnings).toEqual(['nonsense is not known here'])
})

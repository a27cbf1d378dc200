import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { DataDirectory } from '../../src/cluster/index.ts'
import { temporaryDirectory } from '../support/temporary.ts'

function directory(): DataDirectory {
  return new DataDirectory(nodeFileSystem, temporaryDirectory())
}

describe('DataDirectory', () => {
  it('is made with three brokers, remembers their number, and may grow', () => {
    const data = new DataDirectory(nodeFileSystem, path.join(temporaryDirectory(), 'a', 'b'))
    expect(data.exists()).toBe(false)
    const ids = (count?: number) => data.prepare(count).map(({ id }) => id)
    expect(ids()).toEqual([0, 1, 2])
    expect(ids()).toEqual([0, 1, 2])
    expect(ids(5)).toEqual([0, 1, 2, 3, 4])
    expect(ids()).toEqual([0, 1, 2, 3, 4])
    expect(data.brokers[4]).toEqual({ id: 4, logDirs: [data.brokerDir(4)] })
    expect(fs.readFileSync(path.join(data.path, 'kcli.json'), 'utf8')).toBe('{"version":1,"brokers":5}\n')
    expect(() => data.prepare(3)).toThrow(/has 5 brokers and cannot be started with 3/)
  })

  it('may have brokers of any ids, with several folders, here and elsewhere', () => {
    const data = directory()
    const places = [
      { id: 7, logDirs: [path.join(data.path, 'broker-7'), '/mnt/disk'] },
      { id: 1001, logDirs: [data.brokerDir(1001)] },
    ]
    data.writeLayout(places)
    expect(fs.readFileSync(path.join(data.path, 'kcli.json'), 'utf8')).toBe(
      '{"version":2,"brokers":[{"id":7,"logDirs":["broker-7","/mnt/disk"]},{"id":1001,"logDirs":["broker-1001"]}]}\n',
    )
    expect(data.brokers).toEqual(places)
    expect(data.prepare()).toEqual(places)
    expect(data.prepare(3).at(-1)).toEqual({ id: 1002, logDirs: [data.brokerDir(1002)] })
    expect(() => data.prepare(2)).toThrow(/has 3 brokers/)
    expect(() => data.requireEmpty()).toThrow(/is a kcli data directory already/)
  })

  it('refuses what is not a data directory of ours', () => {
    const full = directory()
    fs.writeFileSync(path.join(full.path, 'letter.txt'), 'dear')
    expect(() => full.prepare(undefined)).toThrow(/is not a kcli data directory and is not empty/)
    expect(fs.readdirSync(full.path)).toEqual(['letter.txt'])
    const kafka = directory()
    fs.writeFileSync(path.join(kafka.path, 'meta.properties'), 'version=0')
    expect(() => kafka.prepare(undefined)).toThrow(/log directory of an Apache Kafka broker/)
  })

  it.each([
    ['{"version":3,"brokers":3}', /layout version 3; this kcli knows versions 1 and 2/],
    ['null', /layout version undefined/],
    ['{"version":2,"brokers":3}', /is damaged: its brokers are 3/],
    ['{"version":2,"brokers":[{"id":-1,"logDirs":["a"]}]}', /is damaged/],
    ['{"version":2,"brokers":[{"id":1,"logDirs":[]}]}', /is damaged/],
    ['{"version":2,"brokers":[{"id":1,"logDirs":["a"]},{"id":1,"logDirs":["b"]}]}', /names a broker twice/],
    ['{"version":1,"brokers":0}', /is damaged/],
    ['{', /cannot be read/],
    ['', /cannot be read/],
  ])('refuses kcli.json with %j', (content, message) => {
    const data = directory()
    fs.writeFileSync(path.join(data.path, 'kcli.json'), content)
    expect(() => data.prepare(undefined)).toThrow(message)
  })

  it('says when a file is in the way', () => {
    const file = path.join(temporaryDirectory(), 'file')
    fs.writeFileSync(file, '')
    expect(() => new DataDirectory(nodeFileSystem, path.join(file, 'data')).prepare(undefined)).toThrow(
      /cannot make the data directory .*: a file is in the way/,
    )
  })

  it('keeps its sockets inside, unless its path is too long for that', () => {
    const short = directory()
    expect(path.dirname(short.socketPath('broker-0'))).toBe(short.path)
    const long = new DataDirectory(nodeFileSystem, `/${'x'.repeat(100)}`)
    const other = new DataDirectory(nodeFileSystem, `/${'y'.repeat(100)}`)
    expect(long.socketPath('broker-2').length).toBeLessThan(104)
    expect(path.dirname(long.socketPath('broker-0'))).not.toBe(path.dirname(other.socketPath('broker-0')))
  })

  it('knows nobody when server.json is missing or broken', () => {
    const data = directory()
    expect(data.readServerInfo()).toBeUndefined()
    fs.writeFileSync(path.join(data.path, 'server.json'), '{"pid":')
    expect(data.readServerInfo()).toBeUndefined()
    const info = { pid: 1, kind: 'server' as const, addresses: ['127.0.0.1:9092'], startedMs: 5 }
    data.writeServerInfo(info)
    expect(data.readServerInfo()).toEqual(info)
    data.removeServerInfo()
    expect(data.readServerInfo()).toBeUndefined()
  })
})

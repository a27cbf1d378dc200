import fs from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { nodeFileSystem } from '../../src/base/node-file-system.ts'
import { describeFileName, expandGlob, type Located, locate } from '../../src/inspect/index.ts'
import { temporaryDirectory } from '../support/temporary.ts'

const HEX = '0123456789abcdef0123456789abcdef'

function write(dir: string, ...names: string[]): void {
  for (const name of names) {
    fs.mkdirSync(path.join(dir, path.dirname(name)), { recursive: true })
    fs.writeFileSync(path.join(dir, name), name.endsWith('meta.properties') ? 'version=0\nbroker.id=7\n' : '')
  }
}

/** A kcli data directory with two brokers; a topic is called as a broker's folder is. */
function kcliDirectory(): string {
  const dir = temporaryDirectory()
  write(dir, 'kcli.json', 'zookeeper/version-2/log.1')
  for (const broker of ['broker-0', 'broker-1']) {
    write(
      path.join(dir, broker),
      'recovery-point-offset-checkpoint',
      'broker-1/00000000000000000000.log',
      'orders-0/00000000000000000010.log',
      'orders-0/00000000000000000000.log',
      'orders-0/00000000000000000010.index',
      'orders-10/00000000000000000000.log',
      'orders-2/00000000000000000000.log.deleted',
      `gone-0.${HEX}-delete/00000000000000000000.log`,
    )
  }
  return dir
}

const names = (located: Located, dir: string) => located.files.map((file) => path.relative(dir, file.path))
const partitions = (located: Located) =>
  located.partitionDirs.map((p) => `${p.brokerId}:${p.topic}:${p.partition}${p.mark ? `:${p.mark}` : ''}`)

function find(dataDir: string, names: string[] = [], brokerId?: number): Located {
  return locate(nodeFileSystem, { names, dataDir, brokerId })
}

describe('locate', () => {
  it('finds everything of a kcli directory, by broker, topic, partition and offset', () => {
    const dir = kcliDirectory()
    const found = find(dir)
    expect(partitions(found).slice(0, 5)).toEqual([
      '0:broker:1',
      '0:gone:0:delete',
      '0:orders:0',
      '0:orders:2',
      '0:orders:10',
    ])
    expect(names(found, dir).slice(0, 6)).toEqual([
      'broker-0/recovery-point-offset-checkpoint',
      'broker-0/broker-1/00000000000000000000.log',
      `broker-0/gone-0.${HEX}-delete/00000000000000000000.log`,
      'broker-0/orders-0/00000000000000000000.log',
      'broker-0/orders-0/00000000000000000010.log',
      'broker-0/orders-0/00000000000000000010.index',
    ])
    expect(found.wholeLogDirs.map((logDir) => path.basename(logDir))).toEqual(['broker-0', 'broker-1'])
  })

  it('takes partitions, topics, patterns, folders, files and lists', () => {
    const dir = kcliDirectory()
    expect(partitions(find(dir, ['orders-10']))).toEqual(['0:orders:10', '1:orders:10'])
    expect(partitions(find(dir, ['orders'], 1))).toEqual(['1:orders:0', '1:orders:2', '1:orders:10'])
    expect(partitions(find(dir, ['*-1'], 0))).toEqual(['0:broker:1'])
    expect(partitions(find('/nowhere', [`${dir}/broker-0/orders-0/`]))).toEqual(['0:orders:0'])
    expect(partitions(find('/nowhere', [`${dir}/broker-*/orders-{0,2}`]))).toEqual([
      '0:orders:0',
      '0:orders:2',
      '1:orders:0',
      '1:orders:2',
    ])
    const [file, ...others] = find('/nowhere', [`${dir}/broker-1/orders-0/00000000000000000010.index`]).files
    expect(others).toEqual([])
    expect(file).toMatchObject({
      kind: 'index',
      baseOffset: 10,
      brokerId: 1,
      partitionDir: { topic: 'orders', partition: 0 },
    })
    const lists = find('/nowhere', [`${dir}/broker-0,${dir}/broker-1`])
    expect(lists.wholeLogDirs).toHaveLength(2)
    expect(names(find(dir, [`${dir}/**/*.deleted`]), dir)).toHaveLength(2)
  })

  it("takes Kafka's log directories, several of them, and knows the broker by meta.properties", () => {
    const dir = temporaryDirectory()
    write(dir, 'a/meta.properties', 'a/t-0/00000000000000000000.log', 'b/t-1/00000000000000000000.log')
    const found = find(`${dir}/a,${dir}/b`)
    expect(partitions(found)).toEqual(['undefined:t:1', '7:t:0'])
    expect(partitions(find(`${dir}/a,${dir}/b`, ['t-1']))).toEqual(['undefined:t:1'])
  })

  it('says what is not there', () => {
    const dir = kcliDirectory()
    expect(() => find(dir, ['nothing'])).toThrow(/'nothing' is no file, no folder and no partition/)
    expect(() => find(dir, ['/nowhere/at/all'])).toThrow(/is no file/)
    expect(() => find(`${dir}/nowhere`)).toThrow(/there is no data directory/)
    expect(() => find(`${dir}/zookeeper`)).toThrow(/has no log files/)
    expect(() => find(dir, [`${dir}/zookeeper`])).toThrow(/there are no log files in/)
    expect(() => find(dir, [], 9)).toThrow(/no files of broker 9/)
  })

  it('reads names', () => {
    expect(describeFileName('00000000000000000042.timeindex.deleted')).toEqual({
      name: '00000000000000000042.timeindex.deleted',
      kind: 'timeindex',
      baseOffset: 42,
      mark: 'deleted',
    })
    expect(describeFileName('42.log')).toEqual({ name: '42.log', kind: 'other' })
    expect(describeFileName('99999999999999999999.log').kind).toBe('other')
    expect(describeFileName('meta.properties').kind).toBe('meta.properties')
  })
})

describe('expandGlob', () => {
  it('matches as a shell does, and survives a loop of links', () => {
    const dir = temporaryDirectory()
    write(dir, 'a1/x.log', 'a2/y.log', '.hidden/z.log', 'b[1]/w.log')
    fs.symlinkSync(dir, path.join(dir, 'a1/loop'))
    const glob = (pattern: string) =>
      expandGlob(nodeFileSystem, `${dir}/${pattern}`).map((p) => path.relative(dir, p))
    expect(glob('a?/*.log')).toEqual(['a1/x.log', 'a2/y.log'])
    expect(glob('a[!1]/*')).toEqual(['a2/y.log'])
    expect(glob('*/z.log')).toEqual([])
    expect(glob('.h*/*')).toEqual(['.hidden/z.log'])
    expect(glob('**/y.log')).toContain('a2/y.log')
    expect(glob('a1/../a2/y.*')).toHaveLength(1)
  })
})

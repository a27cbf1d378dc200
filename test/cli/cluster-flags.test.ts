import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { startOptions } from '../../src/cli/cluster-flags.ts'
import { temporaryDirectory } from '../support/temporary.ts'

function fileWith(...lines: string[]): string {
  const file = path.join(temporaryDirectory(), 'server.properties')
  fs.writeFileSync(file, lines.join('\n'))
  return file
}

const tcpOf = (flags: Parameters<typeof startOptions>[0]) => {
  const { host, ports, advertisedHost, advertisedPorts } = startOptions(flags).tcp
  return { host, ports: ports.slice(0, 3), advertisedHost, advertisedPorts: advertisedPorts?.slice(0, 3) }
}

describe('startOptions', () => {
  it('gives each broker the next port', () => {
    expect(tcpOf({})).toMatchObject({ host: '127.0.0.1', ports: [9092, 9093, 9094] })
    expect(tcpOf({ listen: '[::1]:19092' })).toMatchObject({ host: '::1', ports: [19092, 19093, 19094] })
    expect(tcpOf({ listen: ':0' })).toMatchObject({ host: '127.0.0.1', ports: [0, 0, 0] })
    expect(startOptions({ listen: 'localhost:65535' }).tcp.ports).toEqual([65_535])
  })

  it('never tells clients to connect to every address', () => {
    expect(tcpOf({ listen: '0.0.0.0:9092' }).advertisedHost).toBe(os.hostname())
    expect(tcpOf({ listen: '0.0.0.0', 'advertised-host': 'kafka' }).advertisedHost).toBe('kafka')
  })

  it('takes listeners and advertised.listeners of a file, unless the flags say otherwise', () => {
    const config = fileWith(
      'listeners=PLAINTEXT://:19092',
      'advertised.listeners=PLAINTEXT://kafka:29092',
      'num.partitions=4',
    )
    expect(tcpOf({ config })).toEqual({
      host: '0.0.0.0',
      ports: [19092, 19093, 19094],
      advertisedHost: 'kafka',
      advertisedPorts: [29092, 29093, 29094],
    })
    expect(tcpOf({ config, listen: '127.0.0.1:1' }).ports).toEqual([1, 2, 3])
    expect([...startOptions({ config }).properties]).toEqual([['num.partitions', '4']])
  })

  it('lets the time limits of a service that it does not need stand', () => {
    const lines = ['zookeeper.connection.timeout.ms=18000', 'zookeeper.session.timeout.ms=6000']
    expect([...startOptions({ config: fileWith(...lines) }).properties.keys()]).toHaveLength(2)
  })

  it.each([
    'listeners=PLAINTEXT://:9092,SSL://:9093',
    'listeners=SSL://:9093',
    'listeners=PLAINTEXT://:99999',
    'advertised.listeners=EXTERNAL://kafka:9092',
    'zookeeper.ssl.client.enable=true',
    'broker.id=1',
    'log.dirs=/tmp',
    'process.roles=broker',
    'ssl.keystore.location=/k',
    'authorizer.class.name=kafka.security.authorizer.AclAuthorizer',
    'listener.security.protocol.map=A:SSL',
  ])('refuses %s by name', (line) => {
    const key = line.slice(0, line.indexOf('='))
    expect(() => startOptions({ config: fileWith(line) })).toThrow(key)
  })

  it('takes a ZooKeeper elsewhere from the flag or the file, and the id of a single broker', () => {
    const config = fileWith('zookeeper.connect=zk1:2181,zk2/kafka', 'broker.id=7')
    expect(startOptions({ config, brokers: 1 })).toMatchObject({
      zookeeper: 'zk1:2181,zk2/kafka',
      firstBrokerId: 7,
      properties: new Map(),
    })
    expect(startOptions({ config, brokers: 1, zookeeper: 'zk3', id: 8 })).toMatchObject({
      zookeeper: 'zk3',
      firstBrokerId: 8,
    })
  })

  it('listens for ZooKeeper clients, unless the service is elsewhere', () => {
    const zookeeperListen = { kind: 'tcp', host: '127.0.0.1', port: 2181 }
    expect(startOptions({ 'zookeeper-listen': '127.0.0.1' })).toMatchObject({ zookeeperListen })
    expect(() => startOptions({ 'zookeeper-listen': ':0', zookeeper: 'zk1' })).toThrow('exclude each other')
  })

  it('refuses ports that the last broker would not have', () => {
    expect(() => startOptions({ listen: ':65535', brokers: 2 })).toThrow('no address to listen on')
  })
})

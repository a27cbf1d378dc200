import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import { ConfigError } from '../../../src/base/config-def.ts'
import type { GlobalFlags } from '../../../src/cli/base-command.ts'
import {
  clientSettings,
  givenProperties,
  ownProperties,
  withSource,
} from '../../../src/cli/profiles/client-properties.ts'
import type { ActiveProfile } from '../../../src/cli/profiles/profile.ts'
import { chooseDataDir, chooseTarget, chooseZooKeeper } from '../../../src/cli/target.ts'
import { temporaryDirectory } from '../../support/temporary.ts'

function profile(own: Partial<ActiveProfile> = {}): ActiveProfile {
  return {
    name: 'prod',
    from: 'profile use',
    file: '/config.yml',
    bootstrapServer: 'profile:1',
    dataDir: undefined,
    zookeeper: undefined,
    isProtected: false,
    isReadOnly: false,
    properties: new Map(),
    ...own,
  }
}

function propertyFile(text: string): string {
  const file = path.join(temporaryDirectory(), 'client.properties')
  writeFileSync(file, text)
  return file
}

const ENV = {
  HOME: '/home/ann',
  KCLI_BOOTSTRAP_SERVER: 'kcli-env:1',
  KCLI_DATA_DIR: '/env-dir',
  KAFKA_BOOTSTRAP_SERVERS: 'kafka-env:1',
}
const silent = () => undefined

describe('where a command goes', () => {
  it('falls back from one place to the next', () => {
    const flags: Record<string, unknown> = {
      'bootstrap-server': 'flag:1',
      'command-property': ['bootstrap.servers=x:1'],
      'command-config': propertyFile('bootstrap.servers=file:1\n'),
      activeProfile: profile(),
    }
    const env: Record<string, string | undefined> = { ...ENV }
    const next = () => {
      const choice = chooseTarget(flags as GlobalFlags, env, 'linux')
      return [choice.kind === 'remote' ? choice.addresses : choice.dataDir, choice.from]
    }
    expect(next()).toEqual(['flag:1', '--bootstrap-server'])
    delete flags['bootstrap-server']
    expect(next()).toEqual(['x:1', 'bootstrap.servers of -X'])
    delete flags['command-property']
    expect(next()).toEqual(['file:1', 'bootstrap.servers of --command-config'])
    delete flags['command-config']
    expect(next()).toEqual(['kcli-env:1', 'KCLI_BOOTSTRAP_SERVER'])
    delete env.KCLI_BOOTSTRAP_SERVER
    expect(next()).toEqual(['/env-dir', 'KCLI_DATA_DIR'])
    delete env.KCLI_DATA_DIR
    expect(next()).toEqual(['kafka-env:1', 'KAFKA_BOOTSTRAP_SERVERS'])
    delete env.KAFKA_BOOTSTRAP_SERVERS
    expect(next()).toEqual(['profile:1', 'profile prod'])
    delete flags.activeProfile
    expect(next()).toEqual(['/home/ann/.local/share/kcli', 'default'])
  })

  it('takes a profile that the command names over the environment, and a place over that', () => {
    const activeProfile = profile({ from: '--profile', zookeeper: 'zk:1' })
    expect(chooseTarget({ activeProfile }, ENV)).toMatchObject({ addresses: 'profile:1' })
    expect(chooseTarget({ activeProfile, 'data-dir': '/x' }, ENV)).toMatchObject({ dataDir: '/x' })
    expect(chooseZooKeeper({ activeProfile }, { KCLI_ZOOKEEPER: 'env:1' })?.connect).toBe('zk:1')
    const inUse = profile({ zookeeper: 'zk:1' })
    expect(chooseZooKeeper({ activeProfile: inUse }, { KCLI_ZOOKEEPER: 'env:1' })?.connect).toBe('env:1')
  })

  it('gives a server its folder, whatever brokers are named', () => {
    const activeProfile = profile({ bootstrapServer: undefined, dataDir: '/of-profile' })
    expect(chooseDataDir({ activeProfile }, { KCLI_BOOTSTRAP_SERVER: 'x:1' }).dataDir).toBe('/of-profile')
    expect(chooseDataDir({ activeProfile }, ENV).dataDir).toBe('/env-dir')
    expect(chooseDataDir({ activeProfile, 'data-dir': '/flag' }, ENV).dataDir).toBe('/flag')
  })
})

describe('what is said of clients', () => {
  it('takes librdkafka’s names in property files, too', () => {
    const flags = { 'command-config': propertyFile('metadata.broker.list=file:1\nsocket.timeout.ms=3000\n') }
    expect(chooseTarget(flags, {})).toMatchObject({ kind: 'remote', addresses: 'file:1' })
    const unknown: string[] = []
    const given = givenProperties(flags, (message) => unknown.push(message))
    expect(given.get('request.timeout.ms')?.value).toBe('3000')
    expect(unknown).toEqual([])
  })

  it('takes -X over the file over the profile, each by its name in Kafka', () => {
    const given = givenProperties({
      activeProfile: profile({
        properties: new Map([
          ['linger.ms', '1'],
          ['acks', '0'],
          ['client.id', 'mine'],
        ]),
      }),
      'command-config': propertyFile('linger.ms=2\nacks=1\n'),
      'command-property': ['queue.buffering.max.ms=3'],
    })
    expect(Object.fromEntries([...given].map(([name, { value }]) => [name, value]))).toEqual({
      'linger.ms': '3',
      acks: '1',
      'client.id': 'mine',
    })
    expect(given.get('acks')?.source).toMatch(/^--command-config /)
    expect(given.get('client.id')?.source).toBe('profile prod')
  })

  it('warns of what no client knows, once, with the nearest name', async () => {
    const warnings: string[] = []
    await clientSettings(
      { 'command-property': ['linger.m=1', 'debug=broker', 'sasl.usernam=x'] },
      {},
      (text) => warnings.push(text),
    )
    expect(warnings).toEqual([
      '-X: the configuration linger.m is not known. Did you mean linger.ms?',
      '-X: debug has nothing to act upon here',
      '-X: the configuration sasl.usernam is not known. Did you mean sasl.username?',
    ])
  })

  it('says where a value stands that no client takes', async () => {
    const activeProfile = profile({ properties: new Map([['request.timeout.ms', 'soon']]) })
    const error = await clientSettings({ activeProfile }, {}, silent).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(ConfigError)
    expect(withSource(error as ConfigError, { activeProfile })).toMatchObject({
      message: expect.stringContaining('Invalid value soon for configuration request.timeout.ms'),
      hint: 'request.timeout.ms comes from profile prod.',
    })
  })

  it('gives producers and consumers their own, and no reference unresolved', async () => {
    const flags = { 'command-property': ['acks=env:ACKS', 'fetch.min.bytes=5', 'client.id=x'] }
    expect(await ownProperties(flags, 'producer', { ACKS: '1' })).toEqual({ acks: '1' })
    expect(await ownProperties(flags, 'consumer', {})).toEqual({ 'fetch.min.bytes': '5' })
  })
})

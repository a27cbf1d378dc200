import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type CliResult, runCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-configs')
afterAll(() => directory.remove())
const kcli = (...args: string[]): Promise<CliResult> =>
  runCli(['configs', ...args], { env: { KCLI_DATA_DIR: `${directory.path}/data` } })

describe('kcli configs on a local data directory', () => {
  beforeAll(async () => {
    const env = { KCLI_DATA_DIR: `${directory.path}/data` }
    expect(await runCli(['topics', 'create', 'orders', 'payments'], { env })).toMatchObject({ code: 0 })
  })

  const value = async (key: string, ...of: string[]) => {
    const { stdout } = await kcli('describe', key, ...of, '-o', 'json')
    return JSON.parse(stdout) as unknown
  }

  it('changes single settings and leaves the others alone', async () => {
    const topic = ['--topic', 'orders']
    expect(await kcli('describe', ...topic)).toMatchObject({ code: 0, stdout: '' })
    const set = ['--set', 'retention.ms=1000', '--set', 'cleanup.policy=compact']
    expect(await kcli('alter', ...topic, ...set)).toMatchObject({
      code: 0,
      stdout: 'Altered the settings of topic orders.\n',
    })
    expect((await kcli('describe', ...topic)).stdout).toBe(
      [
        'KEY             VALUE    SOURCE  DEFAULT',
        'cleanup.policy  compact  topic   delete',
        'retention.ms    1000     topic   604800000',
        '',
      ].join('\n'),
    )
    const again = ['--set', 'retention.ms=2000', '--delete', 'cleanup.policy']
    expect(await kcli('alter', ...topic, ...again, '--dry-run')).toMatchObject({ code: 0 })
    expect(await value('retention.ms', ...topic)).toMatchObject([{ value: '1000' }])
    expect(await kcli('alter', ...topic, '--delete', 'cleanup.policy')).toMatchObject({ code: 0 })
    expect((await kcli('describe', ...topic, '-o', 'name')).stdout).toBe('retention.ms\n')
  })

  it('knows what holds for one broker and for all', async () => {
    expect(await kcli('alter', '--all-brokers', '--set', 'log.retention.ms=5000')).toMatchObject({ code: 0 })
    expect(await kcli('alter', '--broker', '1', '--set', 'log.retention.ms=6000')).toMatchObject({ code: 0 })
    const both = await value('log.retention.ms', '--broker', '0,1')
    expect(both).toMatchObject([
      { resource: { type: 'broker', name: '0' }, value: '5000', source: 'DYNAMIC_DEFAULT_BROKER_CONFIG' },
      { resource: { type: 'broker', name: '1' }, value: '6000', source: 'DYNAMIC_BROKER_CONFIG' },
    ])
    expect(await value('log.retention.ms', '--all-brokers')).toMatchObject([{ value: '5000' }])
  })

  it('refuses what brokers refuse, and names that nobody has', async () => {
    const invalid = await kcli('alter', '--topic', 'orders', '--topic', 'payments', '--set', 'flush.ms=x')
    expect(invalid).toMatchObject({ code: 1, stdout: '' })
    expect(invalid.stderr).toContain('kcli: topic payments: ')
    const misspelt = await kcli('alter', '--broker', '0', '--delete', 'log.retention.m')
    expect(misspelt).toMatchObject({ code: 1, stdout: '' })
    expect(misspelt.stderr).toContain('Did you mean log.retention.ms?')
    expect(await kcli('alter', '--topic', 'orders')).toMatchObject({ code: 2 })
    expect(await kcli('describe')).toMatchObject({ code: 2 })
    const nowhere = await kcli('describe', '--topic', 'nowhere')
    expect(nowhere).toMatchObject({ code: 1 })
    expect(nowhere.stderr).toContain("topic 'nowhere' does not exist")
  })

  it('explains them without a cluster', async () => {
    const env = { KCLI_DATA_DIR: `${directory.path}/none`, KCLI_BOOTSTRAP_SERVER: '' }
    const { stdout, code } = await runCli(['configs', 'explain', 'compression.type', '--json'], { env })
    expect(code).toBe(0)
    const valid = expect.stringContaining('zstd')
    expect(JSON.parse(stdout)).toEqual([
      {
        ...{
          name: 'compression.type',
          of: 'topic',
          type: 'STRING',
          default: 'producer',
          valid,
          update: 'topic',
        },
        fallsBackTo: [{ name: 'compression.type', factor: 1 }],
      },
      {
        ...{ name: 'compression.type', of: 'broker', type: 'STRING', default: 'producer', valid },
        ...{ update: 'cluster-wide', fallsBackTo: [] },
      },
    ])
    const { stdout: text } = await runCli(['configs', 'explain', 'retention.ms'], { env })
    expect(text).toContain('log.retention.ms, log.retention.minutes (× 60000), log.retention.hours')
  })
})

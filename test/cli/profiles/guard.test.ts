import { readdirSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, it } from 'vitest'
import type { Prompts } from '../../../src/cli/ask/prompts.ts'
import type { BaseCommand } from '../../../src/cli/base-command.ts'
import { type Action, Guard } from '../../../src/cli/profiles/guard.ts'
import type { ActiveProfile } from '../../../src/cli/profiles/profile.ts'
import { effectOf, ZK_COMMANDS } from '../../../src/cli/zk/table.ts'

const root = path.join(import.meta.dirname, '../../..')

async function commandClasses(): Promise<Map<string, typeof BaseCommand>> {
  const files = readdirSync(path.join(root, 'commands'), { recursive: true })
    .map(String)
    .filter((file) => file.endsWith('.ts'))
  const loaded = files.map(async (file) => {
    const { default: command } = await import(path.join(root, 'commands', file))
    return [file.replace(/\.ts$/, '').replaceAll(path.sep, ' '), command] as const
  })
  return new Map(await Promise.all(loaded))
}

const profile: ActiveProfile = {
  name: 'prod',
  from: 'profile use',
  file: '/config.yml',
  bootstrapServer: 'kafka:9092',
  dataDir: undefined,
  zookeeper: undefined,
  isProtected: false,
  isReadOnly: false,
  properties: new Map(),
}
const action: Action = { effect: 'destroys', name: 'topics delete', asks: false, isKafkaTool: false }

/** Types the answers one after the other, until one will do. */
function typing(...answers: string[]): Prompts & { readonly asked: string[] } {
  const asked: string[] = []
  const unused = () => Promise.reject(new Error('not asked for'))
  return {
    asked,
    pick: unused,
    agree: unused,
    async text(message, options) {
      asked.push(message)
      const good = answers.find((answer) => options?.check?.(answer) === undefined)
      if (good === undefined) throw new Error('given up')
      return good
    },
  }
}

function guard(options: { own?: Partial<ActiveProfile>; confirmed?: string; prompts?: Prompts }): Guard {
  return new Guard({
    profile: { ...profile, ...options.own },
    confirmed: options.confirmed,
    canPrompt: options.prompts !== undefined,
    prompts: options.prompts ?? typing(),
  })
}

describe('what a command does to the cluster', () => {
  it('is said by every command', async () => {
    const classes = await commandClasses()
    expect(classes.size).toBeGreaterThan(60)
    const silent = [...classes].filter(([, command]) => command.effect === undefined)
    expect(silent.map(([name]) => name)).toEqual([])
  })

  it.each([
    ['topics list', {}, [], 'reads'],
    ['topics delete', {}, [], 'destroys'],
    ['consume', {}, [], 'reads'],
    ['consume', { group: 'g' }, [], 'changes'],
    ['groups reset-offsets', {}, [], 'reads'],
    ['groups reset-offsets', { execute: true }, [], 'destroys'],
    ['kafka-topics', {}, ['--list', '--bootstrap-server', 'x:1'], 'reads'],
    ['kafka-topics', {}, ['--create', '--topic', 't'], 'changes'],
    ['kafka-topics', {}, ['--delete', '--topic', 't'], 'destroys'],
    ['kafka-topics', {}, ['--delete', '--help'], 'reads'],
    ['kafka-consumer-groups', {}, ['--group', 'g', '--describe'], 'reads'],
    ['kafka-consumer-groups', {}, ['--group', 'g', '--reset-offsets', '--to-earliest'], 'reads'],
    ['kafka-consumer-groups', {}, ['--group', 'g', '--reset-offsets', '--execute'], 'destroys'],
    ['kafka-configs', {}, ['--describe'], 'reads'],
    ['kafka-configs', {}, ['--alter'], 'changes'],
    ['kafka-reassign-partitions', {}, ['--generate'], 'reads'],
    ['kafka-reassign-partitions', {}, ['--execute'], 'changes'],
    ['kafka-console-consumer', {}, ['--topic', 't'], 'reads'],
    ['kafka-console-consumer', {}, ['--topic', 't', '--group=g'], 'changes'],
    ['kafka-console-producer', {}, ['--topic', 't'], 'changes'],
    ['kafka-delete-records', {}, [], 'destroys'],
  ])('%s %j %j: %s', async (name, flags, argv, expected) => {
    const effect = (await commandClasses()).get(name)?.effect
    expect(typeof effect === 'function' ? effect({ flags, argv }) : effect).toBe(expected)
  })

  it('is known of every command on znodes', () => {
    const of = (effect: string) =>
      ZK_COMMANDS.filter((each) => each.effect === effect).map(({ name }) => name)
    expect(of('destroys')).toEqual(['delete', 'deleteall'])
    expect(of('changes')).toEqual(
      expect.arrayContaining(['create', 'set', 'setAcl', 'setquota', 'txn', 'import']),
    )
    expect(effectOf('ls')).toBe('reads')
  })
})

describe('a read-only profile', () => {
  it('lets commands read, and refuses the others with the way out', async () => {
    const own = { isReadOnly: true }
    await guard({ own }).allow({ ...action, effect: 'reads' })
    await expect(
      guard({ own, confirmed: 'prod' }).allow({ ...action, effect: 'changes' }),
    ).rejects.toMatchObject({
      code: 'KCLI_READ_ONLY',
      hint: expect.stringContaining('-P none'),
    })
    await expect(guard({ own }).allow({ ...action, isKafkaTool: true })).rejects.toMatchObject({
      hint: expect.stringContaining('KCLI_PROFILE=none'),
    })
  })
})

describe('a protected profile', () => {
  const own = { isProtected: true }

  it('asks for its name before something is destroyed, and for nothing before the rest', async () => {
    await guard({ own }).allow({ ...action, effect: 'changes' })
    const prompts = typing('y', 'prod')
    await guard({ own, prompts }).allow(action)
    expect(prompts.asked).toEqual(['topics delete on the protected profile prod. Type prod to go on:'])
    await expect(guard({ own, prompts: typing('y', 'yes') }).allow(action)).rejects.toThrow('given up')
  })

  it('leaves the question to the command that asks one, which wants the name then', async () => {
    const prompts = typing('prod')
    const asking = guard({ own, prompts })
    await asking.allow({ ...action, asks: true })
    expect(prompts.asked).toEqual([])
    expect(await asking.confirm('Delete orders?')).toBe(true)
    expect(prompts.asked).toEqual(['Delete orders? Type prod to go on:'])
    expect(await guard({ prompts }).confirm('Delete orders?')).toBe(false)
  })

  it('takes the name beforehand, the right one', async () => {
    await guard({ own, confirmed: 'prod' }).allow(action)
    expect(await guard({ own, confirmed: 'prod' }).confirm('Delete?')).toBe(true)
    await expect(guard({ own, confirmed: 'test' }).allow(action)).rejects.toThrow("'test' was confirmed")
  })

  it('refuses where nobody can be asked, and names the flag', async () => {
    await expect(guard({ own }).allow({ ...action, asks: true })).rejects.toMatchObject({
      code: 'KCLI_USAGE',
      hint: expect.stringContaining('--confirm prod'),
    })
    await expect(guard({ own }).allow({ ...action, isKafkaTool: true })).rejects.toMatchObject({
      hint: expect.stringContaining('KCLI_CONFIRM=prod'),
    })
    await expect(guard({ own, prompts: typing('prod') }).allow({ ...action, canAsk: false })).rejects.toThrow(
      'is protected',
    )
  })
})

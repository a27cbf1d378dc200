/** zkCli and `kcli zk`, on ZooKeeper's server and on ours: four pairs that say the same. */
import { type ChildProcess, spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { killWithUs, run, stopChild } from './support/child.ts'
import { javaArgs, toolsJvmFlags } from './support/driver.ts'
import { childEnv, freePorts, repositoryDir, requireManifest } from './support/environment.ts'
import { startZookeeper } from './support/kafka.ts'
import { createKcliHome, type KcliHome, kcli } from './support/kcli.ts'
import { describeInterop } from './support/suite.ts'

/** One after the other, so that each finds what those before it have done. */
const COMMANDS: readonly (readonly string[])[] = [
  ['ls', '/'],
  ['ls', '-R', '/zookeeper'],
  ['create', '/a', 'hello'],
  ['create', '/a', 'again'],
  ['create', '/a/b'],
  ['create', '/a/c', 'data', 'world:anyone:r'],
  ['create', '/none/x'],
  ['create', '-s', '/a/seq-', 'x'],
  ['create', '-c', '/container'],
  ['create', '-t', '100000', '/ttl'],
  ['create', '-e', '-t', '5', '/bad'],
  ['create', '-c', '-s', '/bad'],
  ['create', '-t', 'soon', '/bad'],
  ['create', '/bad', 'x', 'nonsense'],
  ['create', '/a/', 'x'],
  ['create', '//a', 'x'],
  ['create', 'relative', 'x'],
  ['create'],
  ['get', '/a'],
  ['get', '/a/b'],
  ['get', '-s', '/a'],
  ['get', '/none'],
  ['get'],
  ['ls', '/a'],
  ['ls', '-s', '/a'],
  ['ls', '-R', '/a'],
  ['ls', '/none'],
  ['ls', '-x', '/'],
  ['ls', '/a/../b'],
  ['stat', '/a'],
  ['stat', '/none'],
  ['set', '/a', 'other'],
  ['set', '-s', '/a', 'third'],
  ['set', '-v', '7', '/a', 'x'],
  ['set', '/a/c', 'not allowed'],
  ['set', '/none', 'x'],
  ['set', '/a'],
  ['getAcl', '/a'],
  ['getAcl', '-s', '/a/c'],
  ['setAcl', '/a/b', 'world:anyone:cdrwa'],
  ['setAcl', '-s', '/a/b', 'world:anyone:cdrwa'],
  ['setAcl', '/a/b', 'ip:127.0.0.1:cdrwa,world:anyone:r'],
  ['getAcl', '/a/b'],
  ['setAcl', '/a/b', 'bogus:x:r'],
  ['setAcl', '/a/b', 'world:anyone:z'],
  ['setAcl', '/none', 'world:anyone:r'],
  ['setAcl', '-R', '/a/b', 'world:anyone:cdrwa'],
  ['whoami'],
  ['sync', '/a'],
  ['sync'],
  ['getEphemerals'],
  ['getEphemerals', '/a'],
  ['getAllChildrenNumber', '/a'],
  ['getAllChildrenNumber', '/none'],
  ['setquota', '-n', '10', '/a'],
  ['setquota', '-b', '1000', '/a'],
  ['setquota', '-n', '1', '-b', '2', '/a'],
  ['setquota', '/a'],
  ['setquota', '-n', '5', '/none'],
  ['setquota', '-N', '5', '/a/b'],
  ['listquota', '/a'],
  ['listquota', '/a/b'],
  ['delquota', '-b', '/a'],
  ['listquota', '/a'],
  ['delquota', '/a'],
  ['listquota', '/a'],
  ['delquota', '/a'],
  ['create', '/q'],
  ['setquota', '-N', '2', '/q'],
  ['setquota', '-B', '10', '/q'],
  ['listquota', '/q'],
  ['create', '/q/1', '12345'],
  ['create', '/q/2'],
  ['set', '/q', '123456'],
  ['set', '/q', '12345'],
  ['delquota', '/q'],
  ['deleteall', '/q'],
  ['ls', '-R', '/zookeeper'],
  ['config'],
  ['config', '-c'],
  ['removewatches', '/a'],
  ['addWatch', '/a'],
  ['addWatch', '-m', 'NONSENSE', '/a'],
  ['printwatches'],
  ['delete', '/a'],
  ['delete', '-v', '9', '/a/b'],
  ['delete', '-v'],
  ['delete', '/a/b'],
  ['delete', '/none'],
  ['delete', '/zookeeper'],
  ['deleteall', '/a'],
  ['deleteall', '/none'],
  ['deleteall'],
  ['deleteall', '/container'],
  ['deleteall', '/ttl'],
  ['ls', '-R', '/'],
]

interface Said {
  readonly stdout: string
  readonly stderr: string
}

/** Zxids, times and sessions differ. */
function neutral(text: string): string {
  return text.replace(/= 0x[0-9a-f]+/g, '= 0xN').replace(/^([cm]time) = .*$/gm, '$1 = T')
}

function saidBy({ stdout, stderr }: Said): Said {
  return { stdout: neutral(stdout), stderr: neutral(stderr) }
}

describeInterop('zk', ['kafka', 'driver'], () => {
  let home: KcliHome
  let real: ChildProcess
  let ours: ChildProcess
  const address = { real: '', ours: '' }

  beforeAll(async () => {
    home = createKcliHome()
    const [realPort = 0, oursPort = 0] = await freePorts(2)
    address.real = `127.0.0.1:${realPort}`
    address.ours = `127.0.0.1:${oursPort}`
    ;[real, ours] = await Promise.all([
      startZookeeper(home.dir, realPort, [
        '-Dzookeeper.extendedTypesEnabled=true',
        '-Dzookeeper.enforceQuota=true',
      ]),
      startOurs(home, path.join(home.dir, 'ours'), oursPort),
    ])
  })
  afterAll(async () => {
    if (real) await stopChild(real, 'SIGKILL')
    if (ours) await stopChild(ours, 'SIGTERM')
    home?.remove()
  })

  describe.each(['real', 'ours'] as const)('on the %s server', (server) => {
    it('zkCli and kcli zk say the same', async () => {
      const wanted = await zkCli(address[server])
      const found: Said[] = []
      for (const command of COMMANDS) {
        const result = await kcli(home, ['zk', '--server', address[server], ...command])
        found.push(saidBy(result))
      }
      const rows = (said: readonly Said[]) =>
        COMMANDS.map((command, i) => ({ command: command.join(' '), ...said[i] }))
      expect(rows(found)).toEqual(rows(wanted))
    })
  })

  it('zkCli sees no difference between the servers', async () => {
    expect(await zkCli(address.ours)).toEqual(await zkCli(address.real))
  })

  it('kcli zk ends as zkCli does', async () => {
    for (const command of [['ls', '/'], ['get', '/none'], ['ls'], ['nonsense']]) {
      const wanted = await run('java', [...zkMain(), '-server', address.real, ...command])
      const found = await kcli(home, ['zk', '--server', address.real, ...command])
      expect({ command, code: found.code }).toEqual({ command, code: wanted.code })
      if (command[0] === 'nonsense') expect(found.stderr).toBe(withoutLog(wanted.stderr))
    }
  })

  /** All commands in one JVM; what is known to answer on each stream stands between them. */
  async function zkCli(server: string): Promise<Said[]> {
    const script = COMMANDS.map((command) => [command.map(quoted).join(' '), 'version', 'sync'].join('\n'))
    const { stdout, stderr } = await run('java', [...zkMain(), '-server', server], {
      stdin: `printwatches off\nversion\nsync\n${script.join('\n')}\nquit\n`,
    })
    const outputs = stdout.split(/^ZooKeeper CLI version.*\n/m).slice(1, -1)
    const errors = withoutLog(stderr).split('sync path\n').slice(1)
    // The `sync` of the list itself stands between two of ours.
    const joined: string[] = []
    for (let at = 0, i = 0; i < COMMANDS.length; i++) {
      const own = COMMANDS[i]?.join(' ') === 'sync'
      joined.push(own ? 'sync path\n' : (errors[at] ?? ''))
      at += own ? 2 : 1
    }
    return COMMANDS.map((_, i) => saidBy({ stdout: outputs[i] ?? '', stderr: joined[i] ?? '' }))
  }
})

function quoted(word: string): string {
  return word.includes(' ') ? `'${word}'` : word
}

function zkMain(): string[] {
  return javaArgs('org.apache.zookeeper.ZooKeeperMain', requireManifest().toolsLogConfig, toolsJvmFlags)
}

function withoutLog(text: string): string {
  return text.replace(/^\[.*(Exiting JVM|ERROR|WARN|INFO).*\n/gm, '')
}

async function startOurs(home: KcliHome, dataDir: string, port: number): Promise<ChildProcess> {
  const config = path.join(home.dir, 'ours.cfg')
  const args = ['zookeeper', 'start', config, '--data-dir', dataDir, '--listen', `127.0.0.1:${port}`]
  writeFileSync(config, 'extendedTypesEnabled=true\nenforceQuota=true\n4lw.commands.whitelist=*\n')
  const child = spawn(process.execPath, [path.join(repositoryDir, 'bin', 'run.js'), ...args], {
    env: childEnv(home.env),
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  killWithUs(child)
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve())
    child.once('close', (code) => reject(new Error(`kcli zookeeper start ended with ${code}`)))
  })
  return child
}

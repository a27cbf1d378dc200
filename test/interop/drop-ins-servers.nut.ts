/** zookeeper-shell and kafka-server-start beside Kafka's own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CommandContext } from '../../src/cli/context.ts'
import { kafkaServerStart } from '../../src/cli/kafka-tools/servers/kafka-server-start.ts'
import { zookeeperShell } from '../../src/cli/kafka-tools/zookeeper-shell.ts'
import { type RunResult, run } from './support/child.ts'
import { javaArgs, toolsJvmFlags } from './support/driver.ts'
import { comparable, runDropIn, shellWords } from './support/drop-ins.ts'
import { freePorts, requireManifest } from './support/environment.ts'
import { startZookeeper } from './support/kafka.ts'
import { describeInterop } from './support/suite.ts'

const script = { id: '', calledAs: './script.sh', program: '' }
const shell = (context: CommandContext, words: readonly string[]) => zookeeperShell(context, words, script)
const server = (context: CommandContext, words: readonly string[]) => kafkaServerStart(context, words, script)

/** The classes that Kafka's scripts start. */
function java(mainClass: string, words: readonly string[], stdin = ''): Promise<RunResult> {
  const args = javaArgs(mainClass, requireManifest().toolsLogConfig, toolsJvmFlags)
  return run('java', [...args, ...words], { stdin })
}

/** Without lines of the log. */
function withoutLog({ stdout, stderr, code }: RunResult) {
  const err = stderr.replaceAll(/^\[\d{4}-.*\n/gm, '')
  return comparable({ out: stdout, err, code })
}

describeInterop('servers and znodes', ['kafka', 'driver'], () => {
  let zookeeper: Awaited<ReturnType<typeof startZookeeper>>
  let address: string
  let dir: string

  beforeAll(async () => {
    dir = mkdtempSync(path.join(os.tmpdir(), 'kcli-servers-'))
    writeFileSync(path.join(dir, 'server.properties'), 'broker.id=0\n')
    const [port = 0] = await freePorts(1)
    address = `127.0.0.1:${port}`
    zookeeper = await startZookeeper(dir, port)
  })
  afterAll(() => {
    zookeeper?.kill('SIGKILL')
    rmSync(dir, { recursive: true, force: true })
  })

  describe('zookeeper-shell', () => {
    const main = 'org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka'
    it.each([
      ['AT ls /', ''],
      ['AT/zookeeper ls -R /', ''],
      ['AT -timeout 5000 get -s /zookeeper/quota', ''],
      ['AT get /none', ''],
      ['AT nonsense', ''],
      ['AT create /made "two words"', ''],
      ['AT -zk-tls-config-file', ''],
      ['AT -timeout', ''],
      ['AT', ''],
      ['AT', 'ls /zookeeper\nget /none\nnonsense\n\ncreate /a b\nget /a\ndelete /a\n'],
      ['AT', 'ls /zookeeper\nls /none'],
      ['AT', 'ls /zookeeper\nquit\nls /\n'],
    ])('%s', async (line, input) => {
      const words = shellWords(line.replace('AT', address))
      const theirs = await java(main, ['-server', ...words], input)
      if (line.includes('/made')) await java(main, ['-server', address, 'delete', '/made'])
      const ours = await runDropIn(shell, words, input)
      const found = { ...ours, err: ours.err.replaceAll(/^\[.*\n/gm, '') }
      const neutral = (text: string) => {
        const plain = text.replaceAll(/= 0x[0-9a-f]+/g, '= 0xN')
        // Whether Kafka's is connected before it finds out is chance.
        return line.endsWith('nonsense') ? plain.replace(/\nWATCHER::\n\nWatchedEvent .*\n/, '') : plain
      }
      const wanted = withoutLog(theirs)
      expect({ ...comparable(found), out: neutral(found.out) }, line).toEqual({
        ...wanted,
        out: neutral(wanted.out),
      })
    })
  })

  it.each(['--help', '--version', 'FILE foo bar', 'FILE --override a=b foo', 'nowhere --version'])(
    'kafka-server-start %s',
    async (line) => {
      const words = shellWords(line.replace('FILE', path.join(dir, 'server.properties')))
      const wanted = withoutLog(await java('kafka.Kafka', words))
      expect(comparable(await runDropIn(server, words))).toEqual(wanted)
    },
  )
})

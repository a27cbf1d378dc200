/** The same kcli commands with `--bootstrap-server` on Apache Kafka and on kcli's own cluster: the same results. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createKcliHome, type KcliHome, kcli } from './support/kcli.ts'
import { neutral, type Pair, startPair, type Target } from './support/pair.ts'
import { describeInterop } from './support/suite.ts'

interface Row {
  /** Words of the command, separated by spaces. */
  readonly command: string
  readonly stdin?: string
  readonly code?: number
  /** What stdout must be, or hold. */
  readonly stdout?: string | RegExp
  readonly stderr?: string | RegExp
  /** Lines come in any order (several partitions). */
  readonly anyOrder?: boolean
}

describeInterop('kcli commands on both clusters', ['kafka', 'driver'], () => {
  let pair: Pair
  let home: KcliHome

  beforeAll(async () => {
    pair = await startPair()
    home = createKcliHome()
  })
  afterAll(async () => {
    await pair?.stop()
    home?.remove()
  })

  const run = async (target: Target, { command, stdin, anyOrder }: Row) => {
    const args = [...command.split(' '), '--bootstrap-server', target.bootstrap]
    const result = await kcli(home, args, stdin === undefined ? {} : { stdin })
    const text = (output: string) =>
      neutral(output, target)
        .replaceAll(/[\w-]{22}(?=[",\s])/g, 'ID')
        .replaceAll(/Topic id: .*/g, 'Topic id: ID')
    const stdout = text(result.stdout)
    return {
      stdout: anyOrder ? stdout.split('\n').sort().join('\n') : stdout,
      stderr: text(result.stderr),
      code: result.code,
    }
  }
  const check = async (row: Row) => {
    const { stdout, stderr, code } = await pair.same((target) => run(target, row))
    expect({ stdout, stderr, code }, row.command).toMatchObject({ code: row.code ?? 0 })
    if (row.stdout !== undefined) expect(stdout).toMatch(row.stdout)
    if (row.stderr !== undefined) expect(stderr).toMatch(row.stderr)
  }

  const lines = (count: number) => Array.from({ length: count }, (_, i) => `key-${i}:value ${i}\n`).join('')
  const ndjson = [
    '{"key":"k","value":"v","headers":[{"key":"h","value":"1"}],"timestamp":1000,"partition":0}',
    '{"key":null,"value":"ümlaut","timestamp":2000,"partition":0}',
    '{"key":"gone","value":null,"timestamp":3000,"partition":0}',
  ].join('\n')
  const placed = '--replica-assignment 0:1:2,1:2:0,2:0:1'

  it.each<Row>([
    { command: `topics create orders ${placed}`, stdout: 'Created topic orders.\n' },
    { command: 'topics create orders', code: 1, stderr: /already exists/ },
    { command: 'topics create orders --if-not-exists' },
    { command: 'topics create trial --dry-run --partitions 2 --replication-factor 3' },
    { command: 'topics create too-many --replication-factor 4', code: 1 },
    { command: 'topics create bad/name', code: 1 },
    { command: 'topics create wrong --config retention.ms=soon', code: 1 },
    { command: 'topics create wrong --config no.such=1', code: 1 },
    { command: 'topics create one two --replica-assignment 1 --config cleanup.policy=compact' },
    { command: 'topics list' },
    { command: 'topics list -o json' },
    { command: 'topics list -o name', stdout: 'one\norders\ntwo\n' },
    { command: 'topics list o.* -o csv' },
    { command: 'topics describe orders', stdout: /PARTITION +LEADER +REPLICAS +ISR\n0 +0 +0, ?1, ?2/ },
    { command: 'topics describe orders one -o json', stdout: /"cleanup.policy"/ },
    { command: 'topics describe nowhere', code: 1 },
    { command: 'topics describe --under-replicated-partitions' },
    { command: 'topics describe --topics-with-overrides -o yaml' },
    { command: 'topics describe one --all-configs -o json', stdout: /"retention.ms"/ },
  ])('$command', check)

  it.each<Row>([
    { command: 'produce orders --key-delimiter : --report', stdin: lines(60), anyOrder: true },
    { command: 'consume orders --partition 1', stdout: /^value \d+\nvalue/ },
    {
      command: 'consume orders --print partition,offset,key,value',
      anyOrder: true,
      stdout: /key-59\tvalue 59/,
    },
    { command: 'consume orders --partition 0 --offset 2:5', stdout: /^(value \d+\n){3}$/ },
    { command: 'consume orders --partition 2 -n 5', stdout: /^(value \d+\n){5}$/ },
    { command: 'topics offsets orders' },
    { command: 'topics offsets orders -o json' },
    { command: 'produce one --input ndjson --report', stdin: ndjson, code: 1 },
    { command: 'topics create timed --replica-assignment 0:1:2' },
    { command: 'produce timed --input ndjson --report --sync', stdin: ndjson, stdout: 'timed\t0\t2\n' },
    { command: 'consume timed --offset @1970-01-01T00:00:02Z -o ndjson', stdout: /"value":"ümlaut"/ },
    { command: 'consume timed -o ndjson', stdout: /"key":"gone","value":null/ },
    { command: 'topics offsets timed --time 2500', stdout: /timed +0 +2\n/ },
    { command: 'topics offsets timed --time 1970-01-01T00:00:01Z -o csv', stdout: 'timed,0,0,1000\n' },
    { command: 'topics offsets timed --time max-timestamp', stdout: /timed +0 +2\n/ },
    { command: 'topics offsets orders --partition 7', code: 2 },
    { command: 'topics offsets nowhere', code: 1 },
    { command: 'produce nowhere', stdin: 'x\n', code: 1 },
    { command: 'consume nowhere', code: 1 },
    { command: 'produce orders --partition 9', stdin: 'x\n', code: 1 },
    { command: 'consume orders --partition 9', code: 2 },
    { command: 'consume orders --partition 0 --offset 900', code: 0 },
  ])('$command', check)

  it.each(['none', 'gzip', 'snappy', 'lz4', 'zstd'])('produce and consume with %s', async (codec) => {
    const topic = `codec-${codec}`
    await check({ command: `topics create ${topic} --replica-assignment 0:1:2` })
    for (const acks of ['0', '1', 'all'])
      await check({
        command: `produce ${topic} --compression ${codec} --acks ${acks} -k key -H h=1`,
        stdin: lines(40),
      })
    // With acks 0 nobody knows when the records are there.
    await expect
      .poll(async () => (await run(pair.kcli, { command: `consume ${topic}` })).stdout.split('\n').length)
      .toBe(121)
    const read = await run(pair.apache, { command: `consume ${topic}` })
    expect(read.stdout.split('\n')).toHaveLength(121)
    await check({
      command: `consume ${topic} --format %o|%k|%v|%h\\n`,
      stdout: '119|key|key-39:value 39|h=1 \n',
    })
  })

  it.each<Row>([
    { command: 'topics create console --replica-assignment 0:1:2' },
    { command: 'console-producer --topic console', stdin: 'first\nsecond\n', stdout: '' },
    {
      command: 'console-producer --topic console --property parse.key=true --property key.separator=:',
      stdin: 'k:third\n',
    },
    {
      command: 'console-producer --topic console --property parse.key=true',
      stdin: 'no separator\n',
      code: 1,
    },
    { command: 'console-producer --topic console --compression-codec zstd', stdin: 'fourth\n' },
    {
      command: 'console-consumer --topic console --from-beginning --max-messages 4',
      stdout: 'first\nsecond\nthird\nfourth\n',
    },
    {
      command:
        'console-consumer --topic console --partition 0 --offset 2 --max-messages 1 --property print.key=true --property print.offset=true',
      stdout: 'Offset:2\tk\tthird\n',
    },
    { command: 'console-consumer --topic console --partition 0 --offset earliest --timeout-ms 500' },
  ])('$command', check)

  it.each<Row>([
    { command: 'topics alter orders --partitions 2', code: 1 },
    { command: 'topics alter orders --partitions 4 --replica-assignment 0:1:2,1:2:0,2:0:1,1:0:2' },
    { command: 'topics alter orders --config retention.ms=60000 --config segment.bytes=100000' },
    { command: 'topics describe orders -o json', stdout: /"segment.bytes"/ },
    { command: 'topics alter orders --delete-config segment.bytes' },
    { command: 'topics alter orders --config retention.ms=soon', code: 1 },
    { command: 'topics alter nowhere --partitions 3', code: 1 },
    { command: 'topics alter nowhere --partitions 3 --if-exists' },
    { command: 'topics describe orders --topics-with-overrides' },
    { command: 'topics delete one --dry-run' },
    { command: 'topics delete --regex on.*', code: 2, stderr: /--yes/ },
    { command: 'topics delete one two --yes', anyOrder: true },
    { command: 'topics delete one --yes --if-exists' },
    { command: 'topics delete one --yes', code: 1 },
    { command: 'topics list -o name', stdout: /orders/ },
  ])('$command', check)

  it('says that nobody answers', async () => {
    const result = await kcli(home, ['topics', 'list', '--bootstrap-server', '127.0.0.1:1'])
    expect(result).toMatchObject({ stdout: '', code: 3 })
    expect(result.stderr).toContain('127.0.0.1:1')
  })
})

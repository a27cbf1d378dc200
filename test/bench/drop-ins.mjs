/** Each stand-in for one of Kafka's tools beside the tool itself, on the same broker: the time of a whole short command. */
import { spawnSync } from 'node:child_process'
import path from 'node:path'
import { interleave, median, number, table } from './measure.mjs'

/**
 * So many times as fast as the original, at least, where a broker is asked. What Kafka's shell scripts do before they start
 * the JVM is not in its time; without a broker that is most of it.
 */
const WANTED = 8

/** Tool, class, words (AT: --bootstrap-server and the broker, ZOOKEEPER: where that is), standard input, exit code. */
const CASES = [
  ['kafka-topics', 'org.apache.kafka.tools.TopicCommand', '--version'],
  ['kafka-topics', 'org.apache.kafka.tools.TopicCommand', '--help', '', 1],
  ['kafka-topics', 'org.apache.kafka.tools.TopicCommand', 'AT --list'],
  ['kafka-topics', 'org.apache.kafka.tools.TopicCommand', 'AT --describe'],
  ['kafka-configs', 'kafka.admin.ConfigCommand', 'AT --describe --topic t'],
  ['kafka-consumer-groups', 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand', 'AT --list'],
  [
    'kafka-consumer-groups',
    'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
    'AT --describe --group g',
  ],
  ['kafka-get-offsets', 'org.apache.kafka.tools.GetOffsetShell', 'AT --topic t'],
  ['kafka-log-dirs', 'org.apache.kafka.tools.LogDirsCommand', 'AT --describe'],
  ['kafka-broker-api-versions', 'kafka.admin.BrokerApiVersionsCommand', 'AT'],
  ['kafka-reassign-partitions', 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand', 'AT --list'],
  ['kafka-console-producer', 'kafka.tools.ConsoleProducer', 'AT --topic t', 'one record\n'],
  [
    'kafka-console-consumer',
    'org.apache.kafka.tools.consumer.ConsoleConsumer',
    'AT --topic t --from-beginning --max-messages 1',
  ],
  [
    'zookeeper-shell',
    'org.apache.zookeeper.ZooKeeperMainWithTlsSupportForKafka',
    'ZOOKEEPER ls /brokers/ids',
  ],
]

export async function dropIns({ support, rounds = 5, kafkaWanted, kcliWanted }) {
  if (!kafkaWanted || !kcliWanted) return
  const run = path.join(support.repositoryDir, 'bin', 'run.js')
  const env = support.childEnv({ NO_COLOR: '1' })
  const kafka = await support.startKafka({ jvmFlags: support.kafkaServerFlags })
  try {
    const words = (text) =>
      text
        .replace('AT', `--bootstrap-server ${kafka.bootstrap}`)
        .replace('ZOOKEEPER', kafka.zookeeper)
        .split(' ')
    const java = (mainClass, own) => [
      ...support.javaArgs(mainClass, support.requireManifest().toolsLogConfig, support.kafkaToolFlags),
      // zookeeper-shell.sh says so itself.
      ...(mainClass.includes('zookeeper') ? ['-server'] : []),
      ...own,
    ]
    prepare(run, words, env)
    const cases = CASES.flatMap(([tool, mainClass, text, input = '', code = 0]) => {
      const own = words(text)
      const name = `${tool} ${text.replace('AT', '@').replace('ZOOKEEPER', '@')}`
      return [
        { name, run: () => timeOf('java', java(mainClass, own), env, input, code) },
        { name: `kcli ${name}`, run: () => timeOf(process.execPath, [run, tool, ...own], env, input, code) },
      ]
    })
    const times = interleave(cases, rounds)
    const rows = [['command', 'Kafka ms', 'kcli ms', 'x faster', 'at least']]
    for (const { name } of cases) {
      if (name.startsWith('kcli ')) continue
      const [theirs, ours] = [median(times.get(name)), median(times.get(`kcli ${name}`))]
      const wanted = / --(version|help)$/.test(name) ? '' : WANTED
      rows.push([name, number(theirs), number(ours), number(theirs / ours, 1), wanted])
    }
    table(rows)
  } finally {
    await kafka.stop()
  }
}

/** A few topics, a record and a group. */
function prepare(run, words, env) {
  const kcli = (...own) => timeOf(process.execPath, [run, ...own], env, 'one record\n', 0)
  for (const topic of ['t', 'u', 'v'])
    kcli('kafka-topics', ...words(`AT --create --topic ${topic} --partitions 3`))
  kcli('kafka-console-producer', ...words('AT --topic t'))
  kcli('kafka-console-consumer', ...words('AT --topic t --from-beginning --max-messages 1 --group g'))
}

/** Wall time in ms. A command that ends in another way than it should must not look fast. */
function timeOf(command, args, env, input, code) {
  const start = process.hrtime.bigint()
  const { status, stdout, stderr } = spawnSync(command, args, {
    env,
    input,
    encoding: 'utf8',
    timeout: 120_000,
  })
  const ms = Number(process.hrtime.bigint() - start) / 1e6
  if (status !== code)
    throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stdout}${stderr}`)
  return ms
}

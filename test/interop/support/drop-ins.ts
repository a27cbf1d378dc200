/**
 * Kafka's tools beside ours. Where they differ on purpose, or cannot be the same, no row says otherwise:
 *
 * - Java's stack below an exception, and what Java's client logs on its own, are not there.
 * - What is wrong with a file that is no JSON is said in the words of another parser (kafka-reassign-partitions).
 * - Expressions for topics are JavaScript's, which take nearly all of Java's.
 * - kafka-broker-api-versions shows brokers by id, Kafka's as a broker named them.
 * - kafka-configs refuses --zookeeper and --bootstrap-controller by name. A broker that does not exist is said at once;
 *   Kafka's waits for 30 s. More than four wrong names come in the order of java.util.Properties, not in that of Scala's HashSet.
 * - kafka-consumer-groups says at once that a partition does not exist; Kafka's tries for five seconds.
 * - kafka-console-producer ends with exit code 1 when records were not stored, Kafka's with 0; and it tries again for
 *   delivery.timeout.ms unless --message-send-max-retries is given, Kafka's three times.
 * - kafka-console-consumer refuses a deserializer that there is not; Kafka's says so and goes on without. It
 *   waits for a topic whose name is invalid. Of the old formatters of internal topics it has that of offsets, and the new
 *   ones all.
 * - The events of kafka-verifiable-producer and kafka-verifiable-consumer have their fields in the order that Jackson gives
 *   them on JDK 17 (it is that of the JVM); what went wrong is said in the words of our client.
 * - kafka-verifiable-consumer tells of an error without a time of the log.
 * - kafka-server-start listens at 127.0.0.1 where no listeners are named, wants a broker.id, as ids are not generated, and says
 *   in one line that it is ready in place of a log. What is wrong with a file is said in our words.
 * - kafka-server-stop and zookeeper-server-stop know the servers of this user that kcli started, and no processes of Java.
 * - zookeeper-shell has a prompt on a terminal, knows the commands of `kcli zk` beside ZooKeeper's, and says in its own words
 *   that a server cannot be reached.
 */
import { Readable } from 'node:stream'
import { expect } from 'vitest'
import { systemClock } from '../../../src/base/clock.ts'
import type { CommandContext } from '../../../src/cli/context.ts'
import type { RunKafkaTool } from '../../../src/cli/kafka-tool-command.ts'
import { Output } from '../../../src/cli/output/output.ts'
import type { JavaDriver, ToolName } from './driver.ts'

export interface Printed {
  readonly out: string
  readonly err: string
  readonly code: number | null
}

/** A stand-in for one of Kafka's tools in this process. */
export async function runDropIn(tool: RunKafkaTool, words: readonly string[], stdin = ''): Promise<Printed> {
  const chunks: Buffer[] = []
  let err = ''
  const sink = {
    isTerminal: false,
    write: (bytes: Uint8Array | string) => void chunks.push(Buffer.from(bytes as Uint8Array)),
    flush: () => Promise.resolve(),
  }
  const note = (text: string) => {
    err += text
  }
  const context = {
    out: new Output({ format: 'table', headers: true, color: false, sink, note }),
    clock: systemClock,
    signal: new AbortController().signal,
    timeoutMs: 30_000,
    version: '0',
    flags: {},
    terminal: { stdinIsTty: false },
    allow: () => Promise.resolve(),
    input: () => Readable.from(stdin === '' ? [] : [Buffer.from(stdin)]),
  } as unknown as CommandContext
  const code = await tool(context, words)
  return { out: Buffer.concat(chunks).toString(), err, code: code ?? null }
}

/**
 * Java's stack below an exception, where Jackson stands in its input, the times of log lines and the identity of arrays
 * are not part of the comparison, nor is what Java's client logs on its own.
 */
export function comparable({ out, err, code }: Printed): Printed {
  const withoutStack = (text: string) =>
    text
      .split('\n')
      .filter(
        (line) =>
          !/^( at \[Source: |\t+(at|Suppressed:|\.\.\.) |Caused by: |\[[^\]]*\] \w+ \[(AdminClient|Consumer|Producer) )/.test(
            line,
          ),
      )
      .map((line) => line.replace(/^\[\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}\]/, '[TIME]'))
      .join('\n')
  return { out: withoutStack(out).replace(/\[B@[0-9a-f]+/g, '[B@'), err: withoutStack(err), code }
}

/** `a 'b c' "d"`: words as a shell takes them apart, without anything else that a shell does. */
export function shellWords(line: string): string[] {
  return [...line.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(
    (match) => match[1] ?? match[2] ?? match[3] ?? '',
  )
}

/**
 * The same command lines through Kafka's tool and through ours, against the same brokers. `own%` stands for a
 * name that differs between the two, so that each changes things of its own; what they print is compared with it.
 */
export class DropInComparison {
  private readonly java: JavaDriver
  private readonly name: ToolName
  private readonly tool: RunKafkaTool
  private readonly bootstrap: string

  constructor(java: JavaDriver, name: ToolName, tool: RunKafkaTool, bootstrap: string) {
    this.java = java
    this.name = name
    this.tool = tool
    this.bootstrap = bootstrap
  }

  /** `@` stands for `--bootstrap-server` and where the brokers are. Gives what was printed, in ours. */
  async same(
    line: string,
    adjust: (printed: Printed) => Printed = (printed) => printed,
    stdin = '',
  ): Promise<Printed> {
    const words = (letter: string) =>
      shellWords(
        line.replace(/(?<=^| )@(?= |$)/, `--bootstrap-server ${this.bootstrap}`).replaceAll('%', letter),
      )
    const { stdout, stderr, code } = await this.java.runTool(this.name, words('x'), { stdin })
    const theirs = neutral({ out: stdout, err: stderr, code })
    const ours = neutral(await runDropIn(this.tool, words('y'), stdin))
    expect(adjust(comparable(ours)), `${this.name} ${line}`).toEqual(adjust(comparable(theirs)))
    return ours
  }
}

/** Names that begin with `own` and a letter are the two sides' own. */
function neutral({ out, err, code }: Printed): Printed {
  const clean = (text: string) => text.replaceAll(/\bown[xy]/g, 'own%')
  return { out: clean(out).replaceAll(/TopicId: [\w-]{22}/g, 'TopicId: ID'), err: clean(err), code }
}

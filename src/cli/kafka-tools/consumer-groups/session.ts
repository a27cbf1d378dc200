import { JavaException } from '../../../base/java-exception.ts'
import { readTextFile } from '../../../base/standard-streams.ts'
import {
  type Admin,
  BrokerError,
  ClientError,
  type ListedOffset,
  type OffsetSpec,
  type TopicInfo,
  type TopicPartition,
} from '../../../client/index.ts'
import type { OptionSet } from '../../jopt/option-parser.ts'
import { asKafkaException, executionException, kafkaException } from '../java-errors.ts'
import type { Tool } from '../tool.ts'
import { textOrder } from './hash-order.ts'

/** What one run of the tool works with. Errors of the client come out as the exceptions that Kafka's would throw. */
export class Session {
  readonly tool: Tool
  readonly admin: Admin

  constructor(tool: Tool, admin: Admin) {
    this.tool = tool
    this.admin = admin
  }

  get options(): OptionSet {
    return this.tool.options
  }

  get nowMs(): number {
    return this.tool.context.clock.nowMs()
  }

  /** What goes to stdout. */
  print(text: string): void {
    this.tool.print(text)
  }

  /** A line on stderr. */
  note(text: string): void {
    this.tool.errorLine(text)
  }

  /** What the tool says of a failure; the first line of the exception goes to stderr. */
  printError(text: string, exception?: JavaException): void {
    this.print(`\nError: ${text}\n`)
    if (exception !== undefined) this.note(String(exception))
  }

  /** `KafkaFuture.get()`: what fails is an ExecutionException around the client's. */
  async get<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      throw executionException(clientException(error))
    }
  }

  /** The same, where the tool wraps it once more. */
  async getWrapped<T>(work: Promise<T>): Promise<T> {
    try {
      return await this.get(work)
    } catch (error) {
      throw error instanceof JavaException ? runtimeException(error) : error
    }
  }

  /** The groups that `--group` names, or all. */
  async groupIds(): Promise<string[]> {
    if (!this.options.has('all-groups')) return [...new Set(this.options.values('group'))]
    const { groups } = await this.getWrapped(allBrokers(this.admin.listConsumerGroups()))
    return textOrder(groups.map(({ groupId }) => groupId))
  }

  async listOffsets<T extends TopicPartition>(
    partitions: readonly T[],
    spec: OffsetSpec,
  ): Promise<(partition: T) => ListedOffset | undefined> {
    if (partitions.length === 0) return () => undefined
    const listed = await this.getWrapped(this.admin.listOffsets(partitions.map((at) => ({ ...at, spec }))))
    const byName = new Map(listed.map((found) => [partitionName(found), found]))
    return (partition) => byName.get(partitionName(partition))
  }

  /** Topics by name, each with the exception that stands for it when it cannot be described. */
  async describeTopics(names: readonly string[]): Promise<Map<string, TopicInfo | JavaException>> {
    if (names.length === 0) return new Map()
    const topics = await this.getWrapped(this.admin.describeTopics(names))
    return new Map(topics.map((topic) => [topic.name, topic.errorCode === 0 ? topic : topicException(topic)]))
  }
}

/** Kafka's `all()` fails when one broker does. */
export async function allBrokers<T extends { failures: readonly { error: ClientError }[] }>(
  work: Promise<T>,
): Promise<T> {
  const listed = await work
  const [first] = listed.failures
  if (first !== undefined) throw first.error
  return listed
}

function topicException({ errorCode }: TopicInfo): JavaException {
  return clientException(new BrokerError(errorCode))
}

/** What Kafka's client throws for what ours throws. What is no failure of a client goes on as it is. */
export function clientException(error: unknown): JavaException {
  const code = error instanceof ClientError ? error.code : ''
  if (code === 'KCLI_UNKNOWN_TOPIC' || code === 'KCLI_NO_PARTITION')
    return kafkaException('UNKNOWN_TOPIC_OR_PARTITION')
  const exception = asKafkaException(error, '')
  if (exception === undefined) throw error
  return exception
}

export function runtimeException(cause: JavaException): JavaException {
  return new JavaException('java.lang.RuntimeException', String(cause), cause)
}

/** A file of the command line. One that cannot be read is a RuntimeException around what `asException` says. */
export function readJavaFile(path: string, asException: (path: string) => JavaException): string {
  try {
    return readTextFile(path)
  } catch {
    throw runtimeException(asException(path))
  }
}

export function partitionName({ topic, partition }: TopicPartition): string {
  return `${topic}-${partition}`
}

/** `%-15s` */
export function column(value: string | number, width: number): string {
  return String(value).padEnd(width)
}

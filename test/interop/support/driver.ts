import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { killWithUs, type RunOptions, type RunResult, run, stopChild } from './child.ts'
import { childEnv, requireManifest } from './environment.ts'

/** Kafka's scripts and the classes they start. */
const toolClasses = {
  'kafka-topics': 'org.apache.kafka.tools.TopicCommand',
  'kafka-console-producer': 'kafka.tools.ConsoleProducer',
  'kafka-console-consumer': 'org.apache.kafka.tools.consumer.ConsoleConsumer',
  'kafka-get-offsets': 'org.apache.kafka.tools.GetOffsetShell',
  'kafka-configs': 'kafka.admin.ConfigCommand',
  'kafka-log-dirs': 'org.apache.kafka.tools.LogDirsCommand',
  'kafka-broker-api-versions': 'kafka.admin.BrokerApiVersionsCommand',
  'kafka-dump-log': 'kafka.tools.DumpLogSegments',
  'kafka-consumer-groups': 'org.apache.kafka.tools.consumer.group.ConsumerGroupCommand',
  'kafka-producer-perf-test': 'org.apache.kafka.tools.ProducerPerformance',
  'kafka-consumer-perf-test': 'org.apache.kafka.tools.ConsumerPerformance',
  'kafka-e2e-latency': 'org.apache.kafka.tools.EndToEndLatency',
  'kafka-delete-records': 'org.apache.kafka.tools.DeleteRecordsCommand',
  'kafka-leader-election': 'org.apache.kafka.tools.LeaderElectionCommand',
  'kafka-reassign-partitions': 'org.apache.kafka.tools.reassign.ReassignPartitionsCommand',
  'kafka-replica-verification': 'org.apache.kafka.tools.ReplicaVerificationTool',
  'kafka-transactions': 'org.apache.kafka.tools.TransactionsCommand',
  'kafka-acls': 'kafka.admin.AclCommand',
  'kafka-cluster': 'org.apache.kafka.tools.ClusterTool',
  'kafka-features': 'org.apache.kafka.tools.FeatureCommand',
  'kafka-verifiable-producer': 'org.apache.kafka.tools.VerifiableProducer',
  'kafka-verifiable-consumer': 'org.apache.kafka.tools.VerifiableConsumer',
} as const

export type ToolName = keyof typeof toolClasses

export const toolsJvmFlags = ['-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1']

/** The command line of a JVM with Kafka's and the driver's classes. */
export function javaArgs(mainClass: string, logConfig: string, flags: readonly string[]): string[] {
  const { libsDir, classesDir } = requireManifest()
  const log4j = [`-Dlog4j.configuration=file:${logConfig}`, '-Dlog4j.ignoreTCL=true']
  return [...flags, ...log4j, '-cp', `${classesDir}:${libsDir}/*`, mainClass]
}

export interface SentFrame {
  readonly requestHex: string
  readonly responseHex?: string
  readonly apiKey?: number
  readonly apiVersion?: number
  readonly name?: string
  readonly request?: unknown
  readonly response?: unknown
  /** The peer closed the connection instead of answering. */
  readonly closed?: boolean
  readonly timedOut?: boolean
}

/** Bytes of a key, value or header: a string stands for its UTF-8 bytes. */
export type JavaBytes = string | { readonly base64: string } | null

export interface JavaRecord {
  readonly topic: string
  readonly partition?: number
  readonly timestamp?: number
  readonly key?: JavaBytes
  readonly value: JavaBytes
  readonly headers?: readonly (readonly [string, JavaBytes])[]
}

export interface JavaConsumedRecord {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly timestampType: string
  readonly leaderEpoch?: number
  readonly key: JavaBytes
  readonly value: JavaBytes
  readonly headers: readonly (readonly [string, JavaBytes])[]
}

export type ProduceStep =
  | { readonly begin: true }
  | { readonly send: readonly JavaRecord[] }
  | { readonly flush: true }
  | { readonly commit: true }
  | { readonly abort: true }
  /** The last step: the producer goes without an end of its transaction. */
  | { readonly vanish: true }

/** A JVM that stays up and runs Kafka's tools, clients and message classes on request (see `java/Driver.java`). */
export class JavaDriver {
  readonly #child: ChildProcessWithoutNullStreams
  readonly #waiting = new Map<
    number,
    { resolve: (result: unknown) => void; reject: (error: Error) => void }
  >()
  #nextId = 1

  constructor() {
    const manifest = requireManifest()
    this.#child = spawn('java', javaArgs('Driver', manifest.toolsLogConfig, toolsJvmFlags), {
      env: childEnv(),
    })
    killWithUs(this.#child)
    let errors = ''
    this.#child.stderr.on('data', (chunk: Buffer) => {
      errors = `${errors}${chunk}`.slice(-10_000)
    })
    createInterface({ input: this.#child.stdout }).on('line', (line) => {
      const answer = JSON.parse(line) as { id: number; result?: unknown; error?: string }
      const waiting = this.#waiting.get(answer.id)
      this.#waiting.delete(answer.id)
      if (answer.error === undefined) waiting?.resolve(answer.result)
      else waiting?.reject(new Error(answer.error))
    })
    this.#child.stdin.on('error', () => undefined)
    this.#child.on('close', () => {
      for (const waiting of this.#waiting.values())
        waiting.reject(new Error(`the Java driver ended: ${errors}`))
      this.#waiting.clear()
    })
  }

  /** Requests run one after the other. */
  call<T>(op: string, parameters: object): Promise<T> {
    const id = this.#nextId++
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (result: unknown) => void, reject })
      this.#child.stdin.write(`${JSON.stringify({ id, op, ...parameters })}\n`)
    })
  }

  /** A Kafka tool inside the driver's JVM: what it prints and the exit code it asks for are its own. */
  async runTool(name: ToolName, args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const timeoutMs = options.timeoutMs ?? 60_000
    const result = await this.call<{ stdout: string; stderr: string; code: number; timedOut: boolean }>(
      'tool',
      {
        mainClass: toolClasses[name],
        args,
        timeoutMs,
        ...(options.stdin === undefined ? {} : { stdin: Buffer.from(options.stdin).toString('base64') }),
      },
    )
    if (result.timedOut) {
      this.#child.kill('SIGKILL')
      const said = `${result.stdout}${result.stderr}`.slice(-2_000)
      throw new Error(`${name} ${args.join(' ')}: not done after ${timeoutMs} ms; it said: ${said}`)
    }
    return { stdout: result.stdout, stderr: result.stderr, code: result.code, signal: null }
  }

  /** One request frame, built by Kafka's classes from its JSON form, on a connection of its own. */
  send(request: {
    port: number
    apiKey: number
    version: number
    body: unknown
    correlationId?: number
    clientId?: string | null
    timeoutMs?: number
    expectResponse?: boolean
  }): Promise<SentFrame> {
    return this.call('send', { host: '127.0.0.1', correlationId: 1, clientId: 'driver', ...request })
  }

  /** Any bytes as a frame. `claimedLength` is written as its size when that should differ. */
  sendRaw(request: {
    port: number
    requestHex: string
    claimedLength?: number
    timeoutMs?: number
    decode?: boolean
  }): Promise<SentFrame> {
    return this.call('send', { host: '127.0.0.1', ...request })
  }

  decode(frames: { requestHex: string; responseHex?: string }): Promise<SentFrame> {
    return this.call('decode', frames)
  }

  produce(
    config: Record<string, string>,
    steps: readonly ProduceStep[],
  ): Promise<{
    sent: { topic?: string; partition?: number; offset?: number; timestamp?: number; error?: string }[]
  }> {
    return this.call('produce', { config, steps })
  }

  async consume(
    config: Record<string, string>,
    partitions: readonly { topic: string; partition: number; offset: number }[],
    timeoutMs = 30_000,
  ): Promise<JavaConsumedRecord[]> {
    const result = await this.call<{ records: JavaConsumedRecord[] }>('consume', {
      config,
      partitions,
      timeoutMs,
    })
    return result.records
  }

  close(): Promise<void> {
    return stopChild(this.#child, 'SIGKILL')
  }
}

/** The tool in a JVM of its own, as its script would start it: for exit codes, signals and times. */
export function runToolProcess(
  name: ToolName,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunResult> {
  const flags = [...toolsJvmFlags]
  return run(
    'java',
    [...javaArgs(toolClasses[name], requireManifest().toolsLogConfig, flags), ...args],
    options,
  )
}

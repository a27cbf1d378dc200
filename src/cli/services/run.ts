import path from 'node:path'
import { type RunningProcess, startProcess } from '../../base/child-process.ts'
import { KcliError } from '../../base/errors.ts'
import { TemporaryDirectory } from '../../base/temporary-directory.ts'
import type { NewTopic } from '../../client/index.ts'
import { DataDirectory, type HostedCluster, systemPorts } from '../../cluster/index.ts'
import type { CommandContext } from '../context.ts'
import { EXIT, UsageError } from '../exit-codes.ts'
import { NO_PROFILE } from '../profiles/profile.ts'
import { serverLogger } from '../server-logger.ts'
import { openTarget } from '../target.ts'
import { untilAborted } from '../until-aborted.ts'
import { type StartClusterOptions, takeOver } from './cluster/start.ts'

export interface RunOptions {
  /** The program and its arguments. */
  readonly command: readonly string[]
  /** Made before the program starts. */
  readonly topics: readonly NewTopic[]
  readonly cluster: StartClusterOptions
}

/**
 * Runs a program beside a cluster that is there for it alone, and gives its exit code. Without --data-dir nothing of the
 * cluster is left afterwards. The program finds it by KAFKA_BOOTSTRAP_SERVERS; kcli's own commands, run by it, find it too.
 */
export async function runBeside(context: CommandContext, options: RunOptions): Promise<number | undefined> {
  const [program, ...args] = options.command
  if (program === undefined) {
    throw new UsageError('no program to run', 'Write it behind --, as in: kcli run -- npm test')
  }
  if (context.flags['bootstrap-server'] !== undefined) {
    throw new UsageError(
      '--bootstrap-server names a cluster that runs; this command starts one',
      'Leave it out.',
    )
  }
  const given = context.flags['data-dir']
  const temporary = given === undefined ? new TemporaryDirectory('kcli-run-') : undefined
  const ports = systemPorts({ logger: serverLogger(context, options.cluster.verbose) })
  const directory = new DataDirectory(ports.fs, path.resolve(given ?? temporary?.path ?? '.'))
  let hosted: HostedCluster | undefined
  try {
    hosted = await takeOver(context, ports, directory, options.cluster)
    if (hosted === undefined) return undefined
    const addresses = hosted.cluster.tcpAddresses.join(',')
    if (options.cluster.verbose) context.out.note(`Ready: ${addresses}, data in ${directory.path}`)
    await createTopics(context, addresses, options.topics)
    const child = startProcess(program, args, {
      ...process.env,
      KAFKA_BOOTSTRAP_SERVERS: addresses,
      KCLI_BOOTSTRAP_SERVER: addresses,
      KCLI_DATA_DIR: directory.path,
      // What the user works with otherwise has nothing to do with this cluster.
      KCLI_ZOOKEEPER: '',
      KCLI_PROFILE: NO_PROFILE,
    })
    return await endOf(context, child, hosted)
  } finally {
    await hosted?.shutdown().catch((error: unknown) => {
      // What becomes of a directory that nobody will see again is of no interest.
      if (temporary === undefined) throw error
    })
    temporary?.remove()
  }
}

async function endOf(
  context: CommandContext,
  child: RunningProcess,
  { failure }: HostedCluster,
): Promise<number> {
  let failed: KcliError | undefined
  void untilAborted(context.signal).then(() => {
    const signal = forwarded(context)
    if (signal !== undefined) child.kill(signal)
  })
  void failure.then((error) => {
    failed = error
    child.kill('SIGTERM')
  })
  const exitCode = await child.exitCode
  if (failed !== undefined) throw failed
  return exitCode
}

/** Ctrl-C on a terminal reaches the program by itself; twice would look like an impatient user. */
function forwarded({ signal, terminal }: CommandContext): NodeJS.Signals | undefined {
  const { reason } = signal
  const exitCode = reason instanceof Error && 'exitCode' in reason ? reason.exitCode : undefined
  if (exitCode === EXIT.terminated) return 'SIGTERM'
  if (exitCode === EXIT.hungUp) return 'SIGHUP'
  return terminal.stdinIsTty ? undefined : 'SIGINT'
}

async function createTopics(
  context: CommandContext,
  addresses: string,
  topics: readonly NewTopic[],
): Promise<void> {
  if (topics.length === 0) return
  const { timeoutMs, version, signal } = context
  const target = await openTarget({ 'bootstrap-server': addresses }, { timeoutMs, version, signal })
  try {
    for (const { name, error } of await target.admin.createTopics(topics, { timeoutMs }))
      if (error !== null && error.errorName !== 'TOPIC_ALREADY_EXISTS')
        throw new KcliError('KCLI_TOPIC', `topic '${name}' cannot be made: ${error.message}`, {
          cause: error,
        })
  } finally {
    await target.close()
  }
}

/** `NAME`, `NAME:PARTITIONS` or `NAME:PARTITIONS:REPLICAS`. */
export function parseNewTopic(text: string): NewTopic {
  const match = /^([^:\s]+)(?::(\d{1,6}))?(?::(\d{1,5}))?$/.exec(text)
  if (match?.[1] === undefined || match[2] === '0' || match[3] === '0') {
    throw new UsageError(
      `--topic is '${text}'`,
      'Write NAME, NAME:PARTITIONS or NAME:PARTITIONS:REPLICAS, as in orders:3:1.',
    )
  }
  const [, name, partitions, replicas] = match
  return {
    name,
    ...(partitions !== undefined && { numPartitions: Number(partitions) }),
    ...(replicas !== undefined && { replicationFactor: Number(replicas) }),
  }
}

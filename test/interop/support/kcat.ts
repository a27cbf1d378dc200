import { type RunOptions, type RunResult, run } from './child.ts'

/** Runs kcat (librdkafka). It is expected to end well: anything else rejects with what it said. */
export async function kcat(args: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  const result = await run('kcat', args, options)
  if (result.code !== 0) {
    throw new Error(`kcat ${args.join(' ')} ended with ${result.code ?? result.signal}: ${result.stderr}`)
  }
  return result
}

/** Produces one record per line, in one partition, and waits for all to be acknowledged. */
export async function kcatProduce(
  bootstrap: string,
  topic: string,
  lines: readonly string[],
  options: { partition?: number; codec?: string; settings?: Record<string, string> } = {},
): Promise<void> {
  const args = ['-b', bootstrap, '-P', '-t', topic, '-p', String(options.partition ?? 0)]
  if (options.codec !== undefined) args.push('-z', options.codec)
  for (const [name, value] of Object.entries(options.settings ?? {})) args.push('-X', `${name}=${value}`)
  await kcat(args, { stdin: lines.map((line) => `${line}\n`).join('') })
}

/** The values of one partition from its start to its present end. */
export async function kcatConsume(bootstrap: string, topic: string, partition = 0): Promise<string[]> {
  const args = [
    '-b',
    bootstrap,
    '-C',
    '-t',
    topic,
    '-p',
    String(partition),
    '-o',
    'beginning',
    '-e',
    '-q',
    '-f',
    '%s\n',
  ]
  const { stdout } = await kcat(args)
  return stdout === '' ? [] : stdout.slice(0, -1).split('\n')
}

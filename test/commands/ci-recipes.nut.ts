import { execFile } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { freePorts } from '../interop/support/environment.ts'
import { cleanEnv, root, runCli, runner, temporaryDirectory } from '../support/cli.ts'

/** The recipes of docs/ci.md, run as a job runs them: kcli is real, `npm` stands for the tests of the user's project. */
interface GitHubWorkflow {
  readonly jobs: Readonly<
    Record<string, { readonly env?: Record<string, string>; readonly steps: readonly GitHubStep[] }>
  >
}
interface GitHubStep {
  readonly run?: string
  readonly if?: string
}
interface GitLabJob {
  readonly variables?: Record<string, string>
  readonly script: readonly string[]
  readonly after_script?: readonly string[]
}

const page = readFileSync(path.join(root, 'docs/ci.md'), 'utf8')
const recipes = [...page.matchAll(/^```yaml\n(.*?)^```/gms)].map(([, text = '']) => parse(text))
const [besideTests, endToEnd] = recipes.slice(0, 2) as [GitHubWorkflow, GitHubWorkflow]
const gitLab = recipes[2] as Readonly<Record<string, GitLabJob>>

/** What the tests of the user do: read all orders as the group billing, or say that there are none. */
const NPM = `#!/bin/sh
echo "npm $*" >> "$CALLS"
case "$*" in
  test) kcli topics list -o name ;;
  'run test:end-to-end') kcli consume orders --group billing -b "$KAFKA_BOOTSTRAP_SERVERS" ;;
esac
`

let job: ReturnType<typeof temporaryDirectory>
let port = 0
let env: NodeJS.ProcessEnv
beforeEach(async () => {
  job = temporaryDirectory('kcli-ci')
  ;[port = 0] = await freePorts(1)
  const bin = path.join(job.path, 'bin')
  mkdirSync(bin)
  mkdirSync(path.join(job.path, 'test'))
  writeFileSync(path.join(job.path, 'test/orders.ndjson'), '{"value":"first"}\n{"value":"second"}\n')
  script(path.join(bin, 'kcli'), `#!/bin/sh\nexec '${process.execPath}' '${runner}' "$@"\n`)
  script(path.join(bin, 'npx'), '#!/bin/sh\nexec "$@"\n')
  script(path.join(bin, 'npm'), NPM)
  const clean = cleanEnv()
  env = { ...clean, CI: 'true', PATH: `${bin}:${clean.PATH}`, CALLS: path.join(job.path, 'calls') }
})
afterEach(async () => {
  // A recipe that failed half way leaves its cluster.
  await runCli(['cluster', 'stop', '--data-dir', path.join(job.path, 'kafka')])
  job.remove()
})

function script(file: string, text: string): void {
  writeFileSync(file, text)
  chmodSync(file, 0o755)
}

/** One step of a job, in the job's folder and with its variables, on a free port instead of the page's. */
function step(text: string, variables: Readonly<Record<string, string>> = {}): Promise<string> {
  const here = (value: string) =>
    value
      .replace(/\$\{\{ github\.workspace \}\}|\$CI_PROJECT_DIR/g, job.path)
      .replaceAll('9092', String(port))
  const values = Object.entries(variables).map(([name, value]) => [name, here(value)])
  const options = { cwd: job.path, env: { ...env, ...Object.fromEntries(values) }, timeout: 60_000 }
  return new Promise((resolve, reject) => {
    execFile('bash', ['-e', '-c', here(text)], options, (error, stdout, stderr) =>
      error === null ? resolve(stdout) : reject(new Error(`${text}\n${stdout}${stderr}`)),
    )
  })
}

const calls = () => readFileSync(path.join(job.path, 'calls'), 'utf8').trimEnd().split('\n')

describe('docs/ci.md', () => {
  it('GitHub: tests beside a cluster', async () => {
    for (const { run } of besideTests.jobs.test?.steps ?? []) {
      if (run !== undefined) await step(run)
    }
    expect(calls()).toEqual(['npm ci', 'npm test'])
  })

  it('GitHub: one cluster for several steps', async () => {
    const { steps = [], env: variables } = endToEnd.jobs['end-to-end'] ?? {}
    const printed = []
    for (const { run } of steps) if (run !== undefined) printed.push(await step(run, variables))
    expect(printed.join('')).toContain('first\nsecond\n')
    expect(readFileSync(path.join(job.path, 'cluster.log'), 'utf8')).toContain(`127.0.0.1:${port}`)
  })

  it('GitLab', async () => {
    const { test, 'end-to-end': whole } = gitLab
    expect(await step(test?.script.join('\n') ?? '')).toBe('orders\n')
    expect(await step(whole?.script.join('\n') ?? '', whole?.variables)).toContain('first\nsecond\n')
    await step(whole?.after_script?.join('\n') ?? '', whole?.variables)
    const left = await runCli(['cluster', 'status', '-b', `127.0.0.1:${port}`, '--timeout', '1000'])
    expect(left.code).toBe(3)
  })
})

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { cleanEnv, runCli } from '../support/cli.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kcli-'))
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

it("link makes Kafka's names lead to kcli, and leaves alone what is there", async () => {
  const tools = path.join(folder, 'tools')
  const called = (name: string) => {
    const { stdout, status } = spawnSync(path.join(tools, name), ['--version'], { env: cleanEnv() })
    return [`${stdout}`, status]
  }
  expect((await runCli(['link', tools])).code).toBe(0)
  for (const name of ['kafka-topics', 'kafka-topics.sh', 'kafka-dump-log.sh'])
    expect(called(name), name).toEqual(['3.9.1\n', 0])
  for (const name of ['kafka-server-start.sh', 'zookeeper-shell']) {
    const { stdout, status } = spawnSync(path.join(tools, name), [], { env: cleanEnv() })
    expect([`${stdout}`, status]).toEqual([expect.stringContaining(`USAGE: ${path.join(tools, name)} `), 1])
  }
  expect((await runCli(['link', tools])).code).toBe(0)
  rmSync(path.join(tools, 'kafka-topics'))
  writeFileSync(path.join(tools, 'kafka-topics'), 'mine')
  const taken = await runCli(['link', tools])
  expect([taken.code, taken.stderr]).toEqual([
    1,
    expect.stringContaining('warning: kafka-topics: there is something'),
  ])
  expect((await runCli(['link', tools, '--force'])).code).toBe(0)
  expect(called('kafka-topics')).toEqual(['3.9.1\n', 0])
  expect((await runCli(['link'])).code).toBe(2)
})

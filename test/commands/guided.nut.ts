import { afterAll, describe, expect, it } from 'vitest'
import { runCli, temporaryDirectory } from '../support/cli.ts'

const directory = temporaryDirectory('kcli-guided')
afterAll(() => directory.remove())

/** What is asked for on a terminal (test/interop/guided.nut.ts) is an error that says how to name it in a script. */
describe('in a pipe nobody is asked', () => {
  it.each([
    ['topics create', 'no topic given', '--topic'],
    ['topics delete', 'no topic given', '--topic'],
    ['topics consumers', 'no topic given', '--topic'],
    ['topics alter orders', 'nothing to change', '--config'],
    ['produce', 'no topic given', '--topic'],
    ['consume', 'no topic given', '--topic'],
    ['perf produce', 'no topic given', '--topic'],
    ['perf consume', 'no topic given', '--topic'],
    ['groups delete', 'no group given', '--group'],
    ['groups peek', 'no group given', '--group'],
    ['groups delete-offsets billing', 'no topic given', '--topic'],
    ['groups reset-offsets', 'no group given', '--group'],
    ['groups reset-offsets billing --to earliest', 'it is not said for what', '--all-topics'],
    ['groups reset-offsets billing --topic orders', 'it is not said where to', '--to'],
    ['partitions elect-leader', 'no topic given', '--all'],
    ['partitions reassign', 'nothing to move', '--plan'],
    ['configs describe', 'whose settings is not said', '--broker'],
    ['configs alter --topic orders', 'nothing to change', '--set'],
    ['profile use', 'NAME is missing', 'profile list'],
    ['profile delete', 'NAME is missing', 'profile list'],
    ['cluster kill', 'no broker is named', 'controller'],
    ['cluster revive', 'no broker is named', 'its id'],
  ])('kcli %s', async (line, message, flag) => {
    const env = { KCLI_DATA_DIR: `${directory.path}/data` }
    const { code, stdout, stderr } = await runCli(line.split(' '), { env })
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toMatch(new RegExp(`^kcli: ${message}\n.*${flag}.*\n$`))
  })
})

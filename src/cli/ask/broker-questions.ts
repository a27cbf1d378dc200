import { KcliError } from '../../base/errors.ts'
import type { CommandContext } from '../context.ts'
import { askServer } from '../services/cluster/tell-server.ts'
import type { Choice } from './prompts.ts'

/** A broker of a local cluster that runs, or the controller, whichever that is. */
export async function askForBroker(context: CommandContext): Promise<string[]> {
  const running = (await brokers(context)).filter(({ note }) => note === 'running')
  const controller = { value: 'controller', note: 'whichever broker that is' }
  return [await context.prompts.pick('Broker', [...running, controller])]
}

/** One that was killed or paused. */
export async function askForFaultyBroker(context: CommandContext): Promise<string[]> {
  const faulty = (await brokers(context)).filter(({ note }) => note !== 'running')
  if (faulty.length === 0)
    throw new KcliError('KCLI_NO_FAULTS', 'all brokers are running', {
      hint: 'Kill one with: kcli cluster kill, or pause one with: kcli cluster pause',
    })
  return [await context.prompts.pick('Broker', faulty)]
}

async function brokers(context: CommandContext): Promise<Choice[]> {
  const { states } = await askServer(context, { do: 'state' })
  return states.map(({ id, state }) => ({ value: String(id), note: state }))
}

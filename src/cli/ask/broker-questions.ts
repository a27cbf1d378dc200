import { KcliError } from '../../base/errors.ts'
import type { BrokerFault } from '../../cluster/control/index.ts'
import type { CommandContext } from '../context.ts'
import { askServer } from '../services/cluster/tell-server.ts'

type State = BrokerFault['state']

/** A broker of a local cluster that is up, or the controller, whichever that is. */
export async function askForBroker(context: CommandContext): Promise<string[]> {
  const controller = { value: 'controller', note: 'whichever broker that is' }
  return [await context.prompts.pick('Broker', [...(await brokersThatAre('up', context)), controller])]
}

export function askForKilledBroker(context: CommandContext): Promise<string[]> {
  return askForFaultyBroker('killed', context)
}

export function askForPausedBroker(context: CommandContext): Promise<string[]> {
  return askForFaultyBroker('paused', context)
}

async function askForFaultyBroker(state: State, context: CommandContext): Promise<string[]> {
  const brokers = await brokersThatAre(state, context)
  if (brokers.length === 0)
    throw new KcliError('KCLI_NO_FAULTS', `no broker is ${state}`, {
      hint: 'See how they are with: kcli cluster status',
    })
  return [await context.prompts.pick('Broker', brokers)]
}

async function brokersThatAre(wanted: State, context: CommandContext) {
  const { states } = await askServer(context, { do: 'state' })
  return states.filter(({ state }) => state === wanted).map(({ id }) => ({ value: String(id), note: wanted }))
}

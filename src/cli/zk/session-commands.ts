import type { ZkCommand } from './command.ts'
import { ZkUsageError } from './errors.ts'

const connect: ZkCommand = {
  name: 'connect',
  effect: 'reads',
  usage: 'host:port',
  summary: 'Connect to another server, or anew to this one.',
  isZkCli: true,
  run: (session, { words }) => session.reconnect(words[0]),
}

const close: ZkCommand = {
  name: 'close',
  effect: 'reads',
  usage: '',
  summary: 'End the session; ephemeral nodes go with it.',
  isZkCli: true,
  run: (session) => session.disconnect(),
}

const quit: ZkCommand = {
  name: 'quit',
  effect: 'reads',
  usage: '',
  summary: 'Leave.',
  isZkCli: true,
  run(session) {
    session.quit()
    return Promise.resolve()
  },
}

/** As many as zkCli shows. */
const HISTORY_SHOWN = 11

const history: ZkCommand = {
  name: 'history',
  effect: 'reads',
  usage: '',
  summary: 'The last commands, with their numbers.',
  isZkCli: true,
  run(session) {
    const from = Math.max(0, session.history.length - HISTORY_SHOWN)
    for (const [index, line] of session.history.entries())
      if (index >= from) session.out(`${index} - ${line}\n`)
    return Promise.resolve()
  },
}

const redo: ZkCommand = {
  name: 'redo',
  effect: 'reads',
  usage: 'cmdno',
  summary: 'Run a command of the history again.',
  minArguments: 1,
  isZkCli: true,
  async run(session, { words: [word = ''] }) {
    const number = Number(word)
    if (!/^\d+$/.test(word) || session.history[number] === undefined)
      throw new ZkUsageError(`Command index out of range: ${word}`)
    await session.redo(number)
  },
}

const version: ZkCommand = {
  name: 'version',
  effect: 'reads',
  usage: '',
  summary: 'Which ZooKeeper these commands follow.',
  isZkCli: true,
  run(session) {
    session.out('ZooKeeper CLI version: 3.8.4 (kcli)\n')
    return Promise.resolve()
  },
}

const reconfig: ZkCommand = {
  name: 'reconfig',
  effect: 'changes',
  usage:
    '[-s] [-v version] [[-file path] | [-members serverID=host:port1:port2;port3[,...]*]] | ' +
    '[-add serverId=host:port1:port2;port3[,...]]* [-remove serverId[,...]*]',
  summary: 'Change the members of an ensemble (not supported here).',
  options: {
    s: {},
    v: { hasValue: true },
    file: { hasValue: true },
    members: { hasValue: true },
    add: { hasValue: true },
    remove: { hasValue: true },
  },
  isZkCli: true,
  run(_, { options }) {
    if (options.size === 0) throw new ZkUsageError(`reconfig ${reconfig.usage}`)
    throw new ZkUsageError('reconfig is not supported by kcli: use the zkCli.sh of the ensemble')
  },
}

export const SESSION_COMMANDS: readonly ZkCommand[] = [connect, close, quit, history, redo, version, reconfig]

import type { AddWatchMode, WatcherType } from '../../zookeeper/index.ts'
import type { ZkCommand } from './command.ts'
import { ZkUsageError } from './errors.ts'
import { checkPath } from './paths.ts'

const MODES: Readonly<Record<string, AddWatchMode>> = {
  PERSISTENT: 'persistent',
  PERSISTENT_RECURSIVE: 'persistent-recursive',
}

const addWatch: ZkCommand = {
  name: 'addWatch',
  effect: 'reads',
  usage:
    '[-m mode] path # optional mode is one of [PERSISTENT, PERSISTENT_RECURSIVE] - default is PERSISTENT_RECURSIVE',
  summary: 'Show from now on what happens to a node, and below it.',
  options: { m: { hasValue: true } },
  minArguments: 1,
  isZkCli: true,
  async run(session, { options, words }) {
    const mode = MODES[String(options.get('m') ?? 'PERSISTENT_RECURSIVE')]
    if (mode === undefined) throw new ZkUsageError(`addWatch ${addWatch.usage}`)
    const path = checkPath(words[0] ?? '')
    await (await session.client()).addWatch(path, mode, session.watcher)
  },
}

const removewatches: ZkCommand = {
  name: 'removewatches',
  effect: 'reads',
  usage: 'path [-c|-d|-a] [-l]',
  summary: 'Stop showing it: -c children, -d data, -a all.',
  options: { c: {}, d: {}, a: {}, l: {} },
  minArguments: 1,
  isZkCli: true,
  async run(session, { options, words }) {
    const path = checkPath(words[0] ?? '')
    const type: WatcherType = options.has('c') ? 'children' : options.has('d') ? 'data' : 'any'
    await (await session.client()).removeWatches(path, type)
  },
}

const printwatches: ZkCommand = {
  name: 'printwatches',
  effect: 'reads',
  usage: 'on|off',
  summary: 'Whether events are shown.',
  isZkCli: true,
  run(session, { words: [word] }) {
    if (word === undefined) session.out(`printwatches is ${session.printsWatches ? 'on' : 'off'}\n`)
    else session.printsWatches = word === 'on'
    return Promise.resolve()
  },
}

/** Ours: one line of JSON for each event, until Ctrl-C. */
const watch: ZkCommand = {
  name: 'watch',
  effect: 'reads',
  usage: 'path',
  summary: 'Write one line of JSON for each change of a node and below it, until Ctrl-C.',
  minArguments: 1,
  isZkCli: false,
  async run(session, { words }) {
    const path = checkPath(words[0] ?? '')
    const client = await session.client()
    const ended = new Promise<void>((resolve) => {
      session.signal.addEventListener('abort', () => resolve(), { once: true })
      client.onSessionEvent((state) => {
        session.out(`${JSON.stringify({ session: state })}\n`)
        if (state === 'expired' || state === 'auth-failed') resolve()
      })
    })
    await client.addWatch(path, 'persistent-recursive', ({ type, path: changed }) => {
      session.out(`${JSON.stringify({ type, path: changed })}\n`)
    })
    if (!session.signal.aborted) await ended
  },
}

export const WATCH_COMMANDS: readonly ZkCommand[] = [addWatch, removewatches, printwatches, watch]

import { numberOption } from './arguments.ts'
import type { ZkCommand } from './command.ts'
import { formatAcl, formatStat, parseAcl, permissionLetters, statData } from './format.ts'
import { checkPath, subtree } from './paths.ts'

const getAcl: ZkCommand = {
  name: 'getAcl',
  effect: 'reads',
  usage: '[-s] path',
  summary: 'Who may do what with a node.',
  options: { s: {} },
  minArguments: 1,
  isZkCli: true,
  async run(session, { options, words }) {
    const client = await session.client()
    const { acl, stat } = await client.getAcl(checkPath(words[0] ?? ''))
    const value = acl.map(({ perms, id }) => ({ ...id, permissions: permissionLetters(perms) }))
    session.result(options.has('s') ? { acl: value, stat: statData(stat) } : value, () =>
      [...acl.map(formatAcl), options.has('s') ? formatStat(stat) : ''].join(''),
    )
  },
}

const setAcl: ZkCommand = {
  name: 'setAcl',
  effect: 'changes',
  usage: '[-s] [-v version] [-R] path acl',
  summary: 'Change who may do what: scheme:id:perms,… with perms of c d r w a; -R: all below as well.',
  options: { s: {}, v: { hasValue: true }, R: {} },
  minArguments: 2,
  isZkCli: true,
  async run(session, args) {
    const [path = '', text = ''] = args.words
    checkPath(path)
    const acl = parseAcl(text, (line) => session.note(line))
    const version = numberOption(args, 'v', -1)
    const client = await session.client()
    if (args.options.has('R')) {
      const paths: string[] = []
      for await (const each of subtree(client, path)) paths.push(each)
      await Promise.all(paths.map((each) => client.setAcl(each, acl, version)))
      return
    }
    const stat = await client.setAcl(path, acl, version)
    if (args.options.has('s')) session.result(statData(stat), () => formatStat(stat))
  },
}

const addauth: ZkCommand = {
  name: 'addauth',
  effect: 'reads',
  usage: 'scheme auth',
  summary: 'Prove who you are: addauth digest USER:PASSWORD.',
  minArguments: 1,
  isZkCli: true,
  async run(session, { words: [scheme = '', auth = ''] }) {
    const client = await session.client()
    client.addAuth(scheme, auth)
  },
}

const whoami: ZkCommand = {
  name: 'whoami',
  effect: 'reads',
  usage: '',
  summary: 'Who this session has proved to be.',
  isZkCli: true,
  async run(session) {
    const found = await (await session.client()).whoAmI()
    session.result(found, () =>
      ['Auth scheme: User', ...found.map(({ scheme, user }) => `${scheme}: ${user}`), ''].join('\n'),
    )
  },
}

export const ACL_COMMANDS: readonly ZkCommand[] = [getAcl, setAcl, addauth, whoami]

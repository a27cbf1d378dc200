import { checkPath, childrenOf } from './paths.ts'
import type { ZkBrowser } from './session.ts'
import { ZK_COMMANDS } from './table.ts'

/** Commands for the first word, paths for one that begins with `/`: what could stand there, and what it replaces. */
export async function completeZkLine(browser: ZkBrowser, line: string): Promise<[string[], string]> {
  const word = line.slice(line.lastIndexOf(' ') + 1)
  if (!line.includes(' ')) {
    const names = ZK_COMMANDS.map(({ name }) => name).filter((name) => name.startsWith(word))
    return [names.map((name) => `${name} `), word]
  }
  if (word.startsWith('/')) return [await pathsLike(browser, word), word]
  const command = ZK_COMMANDS.find(({ name }) => line.startsWith(`${name} `))
  if (!word.startsWith('-') || command?.options === undefined) return [[], word]
  const options = Object.keys(command.options).map((name) => `-${name} `)
  return [options.filter((option) => option.startsWith(word)), word]
}

async function pathsLike(browser: ZkBrowser, word: string): Promise<string[]> {
  const slash = word.lastIndexOf('/')
  const parent = checkPath(slash === 0 ? '/' : word.slice(0, slash))
  const names = await childrenOf(await browser.client(), parent)
  const start = word.slice(0, slash + 1)
  return names.map((name) => start + name).filter((path) => path.startsWith(word))
}

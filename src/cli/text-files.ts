import { nodeFileSystem } from '../base/node-file-system.ts'
import type { CommandContext } from './context.ts'

/** Where a command reads and writes text that the user named. */
export interface TextFiles {
  read(path: string): Promise<string>
  write(path: string, text: string): Promise<void>
}

/** Files of this machine; `-` is stdin. Reading ends with what there is when the command is interrupted. */
export function textFiles({ input }: Pick<CommandContext, 'input'>): TextFiles {
  return {
    async read(path) {
      const chunks: Buffer[] = []
      for await (const chunk of input(path === '-' ? undefined : path)) chunks.push(chunk)
      return Buffer.concat(chunks).toString('utf8')
    },
    write(path, text) {
      nodeFileSystem.writeFileSync(path, Buffer.from(text))
      return Promise.resolve()
    },
  }
}

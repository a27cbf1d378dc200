import { nodeFileSystem } from '../../base/node-file-system.ts'
import { inputChunks } from '../../base/standard-streams.ts'
import type { ZkFiles } from './command.ts'

/** Files of this machine; `-` is stdin. Reading ends with what there is when the command is interrupted. */
export function zkFiles(signal: AbortSignal): ZkFiles {
  return {
    async read(path) {
      const chunks: Buffer[] = []
      for await (const chunk of inputChunks(path === '-' ? undefined : path, signal)) chunks.push(chunk)
      return Buffer.concat(chunks).toString('utf8')
    },
    write(path, text) {
      nodeFileSystem.writeFileSync(path, Buffer.from(text))
      return Promise.resolve()
    },
  }
}

import { spawn } from 'node:child_process'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { KcliError } from './errors.ts'

/**
 * What somebody makes of a text in an editor on this terminal. The text is in a file that only its owner may read, and that is
 * gone afterwards. Throws when the editor cannot be started or gives up.
 */
export async function editText(editor: string, text: string, extension: string): Promise<string> {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kcli-edit-'))
  const file = path.join(folder, `line${extension}`)
  // The editor is in the foreground: what it makes of Ctrl-C is its own business.
  const ignore = () => undefined
  process.on('SIGINT', ignore)
  try {
    fs.writeFileSync(file, text, { mode: 0o600 })
    const code = await runEditor(editor, file)
    if (code !== 0) throw new KcliError('KCLI_EDITOR', `the editor '${editor}' ended with exit code ${code}`)
    return fs.readFileSync(file, 'utf8')
  } finally {
    process.off('SIGINT', ignore)
    fs.rmSync(folder, { recursive: true, force: true })
  }
}

/** An editor's name may have words behind it, as in `code --wait`. */
function runEditor(editor: string, file: string): Promise<number> {
  const child =
    process.platform === 'win32'
      ? spawn(`${editor} "${file}"`, { shell: true, stdio: 'inherit' })
      : spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', (code) => resolve(code ?? 1))
  })
}

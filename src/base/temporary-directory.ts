import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'

/** A folder that is gone with this process, however it ends (short of a kill). */
export class TemporaryDirectory {
  readonly path: string
  private readonly removeNow = () => fs.rmSync(this.path, { recursive: true, force: true })

  constructor(prefix: string) {
    this.path = fs.mkdtempSync(path.join(os.tmpdir(), prefix))
    process.on('exit', this.removeNow)
  }

  remove(): void {
    process.off('exit', this.removeNow)
    this.removeNow()
  }
}

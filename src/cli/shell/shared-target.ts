import type { GlobalFlags } from '../base-command.ts'
import { chooseTarget, type OpenOptions, openTarget, type Target } from '../target.ts'

/** The target that a session keeps open from its first command to its end. Commands that name another one get their own. */
export class SharedTarget {
  private readonly place: string
  private readonly flags: GlobalFlags
  private opening: Promise<Target> | undefined
  private opened: Target | undefined

  constructor(flags: GlobalFlags) {
    this.flags = flags
    this.place = placeOf(flags)
  }

  /** Nobody answered the last time somebody was asked. */
  isLost = false

  /** Once it is open; undefined before. */
  get current(): Target | undefined {
    return this.opened
  }

  async open(flags: GlobalFlags, options: OpenOptions): Promise<Target> {
    if (flags.offline === true || placeOf(flags) !== this.place) return openTarget(flags, options)
    // The next command must not suffer from the first one's Ctrl-C, nor report into its output.
    const lasting = { ...options, signal: new AbortController().signal }
    this.opening ??= openTarget(this.flags, lasting).then(
      (target) => {
        this.opened = target
        return target
      },
      (error: unknown) => {
        this.opening = undefined
        throw error
      },
    )
    return this.opening
  }

  async release(target: Target): Promise<void> {
    if (target !== this.opened) await target.close()
  }

  /** A local cluster that runs in this process ends with it. */
  async close(): Promise<void> {
    const { opening } = this
    this.opening = undefined
    this.opened = undefined
    await (await opening?.catch(() => undefined))?.close()
  }
}

function placeOf(flags: GlobalFlags): string {
  return JSON.stringify([
    chooseTarget({ ...flags, offline: false }, process.env),
    flags['command-config'],
    flags['command-property'],
    flags.activeProfile?.name,
  ])
}

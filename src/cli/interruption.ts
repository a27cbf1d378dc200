import { systemClock } from '../base/clock.ts'
import { EXIT, InterruptedError } from './exit-codes.ts'

/** The wish that a command ends, as an abort signal with an exit code. */
export class Interruption {
  private readonly controller = new AbortController()
  private readonly graceMs: number
  private giveUp: () => void = () => undefined
  exitCode: number | undefined

  /** @param graceMs how long the work may go on afterwards, to finish what was accepted */
  constructor(graceMs: number) {
    this.graceMs = graceMs
  }

  get signal(): AbortSignal {
    return this.controller.signal
  }

  /** The work, or an {@link InterruptedError} when it does not end within the grace period after a signal. */
  guard<T>(work: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      work.then(resolve, reject)
      this.giveUp = () => reject(new InterruptedError(this.exitCode))
      this.signal.addEventListener('abort', () => {
        systemClock.setTimer(this.graceMs, this.giveUp, { unref: true })
      })
    })
  }

  /** The second time the work is not waited for any more. */
  interrupt(name: NodeJS.Signals): void {
    if (this.exitCode !== undefined) {
      this.again(exitCodeOf(name))
      return
    }
    this.exitCode = exitCodeOf(name)
    this.controller.abort(new InterruptedError(this.exitCode))
  }

  dispose(): void {
    this.giveUp = () => undefined
  }

  protected again(_exitCode: number): void {
    this.abandon()
  }

  /** The work goes on by itself, if it does; nobody waits for it. */
  protected abandon(): void {
    this.giveUp()
  }
}

/** The signals of the process. */
export class ProcessInterruption extends Interruption {
  private readonly onSignal = (name: NodeJS.Signals) => this.interrupt(name)

  constructor(graceMs: number) {
    super(graceMs)
    for (const name of SIGNALS) process.on(name, this.onSignal)
  }

  override dispose(): void {
    super.dispose()
    for (const name of SIGNALS) process.off(name, this.onSignal)
  }

  protected override again(exitCode: number): void {
    process.exit(exitCode)
  }
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

function exitCodeOf(name: NodeJS.Signals): number {
  return name === 'SIGINT' ? EXIT.interrupted : name === 'SIGTERM' ? EXIT.terminated : EXIT.hungUp
}

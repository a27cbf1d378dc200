import { SerialQueue } from '../../base/serial-queue.ts'

export interface EventQueueOptions {
  /** An event failed with something that is not its own business. Runs before the next event. */
  readonly onError: (name: string, error: unknown) => Promise<void>
}

/** Everything the controller does is an event, and only one is under way (kafka.controller.ControllerEventManager). */
export class EventQueue {
  private readonly queue = new SerialQueue()
  private readonly options: EventQueueOptions
  private isClosed = false

  constructor(options: EventQueueOptions) {
    this.options = options
  }

  /** Resolves when the event was processed, whatever came of it. */
  put(name: string, process: () => Promise<void> | void): Promise<void> {
    return this.queue.run(async () => {
      if (this.isClosed) return
      try {
        await process()
      } catch (error) {
        await this.options.onError(name, error)
      }
    })
  }

  /** For events that somebody waits for: rejects with what went wrong, after it was dealt with. */
  ask<T>(name: string, process: () => Promise<T> | T): Promise<T> {
    return this.queue.run(async () => {
      try {
        return await process()
      } catch (error) {
        if (!this.isClosed) await this.options.onError(name, error)
        throw error
      }
    })
  }

  /** Events that have not begun are dropped; resolves when the one under way is done. */
  async close(): Promise<void> {
    this.isClosed = true
    await this.queue.idle()
  }
}

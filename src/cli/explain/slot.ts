import type { RequestObserver } from '../../client/net/index.ts'

/** The place of an observer in a target that outlives it: a shell keeps its target from one command to the next. */
export class ObserverSlot implements RequestObserver {
  /** Undefined: nobody looks. */
  current: RequestObserver | undefined

  connecting(address: Parameters<RequestObserver['connecting']>[0]) {
    return this.current?.connecting(address)
  }

  requesting(request: Parameters<RequestObserver['requesting']>[0]) {
    return this.current?.requesting(request)
  }
}

/**
 * An array that goes into several messages, as what the controller tells all brokers does: it is encoded for the first of
 * them, and its bytes are used again for the others. It must not change after that.
 */
export class SharedList<T> extends Array<T> {
  /** By the function that encodes an element: there is one for each version of each array. */
  readonly encodings = new Map<unknown, Buffer>()
}

import type { Part } from '../../base/network.ts'
import type { CLOSE_CONNECTION, NO_RESPONSE } from '../api/handler.ts'

/** What a connection knows of its other side. */
export interface ConnectionInfo {
  /** `127.0.0.1:9092-127.0.0.1:53211-4`, as Kafka names connections. */
  readonly connectionId: string
  readonly listenerName: string
  /** As Kafka shows it: `/127.0.0.1`. */
  readonly clientHost: string
  readonly principal: string
  /** Told by the client in ApiVersions. */
  clientSoftware: { readonly name: string; readonly version: string } | null
}

/** The parts of the response frame, or what to do in its place. */
export type Processed = readonly Part[] | typeof NO_RESPONSE | typeof CLOSE_CONNECTION

/** Turns request frames into response frames. */
export interface RequestProcessor {
  /**
   * A frame that cannot be understood, or asks for what is not served, throws (at once, not by rejection) and the
   * connection is closed, as Kafka does. Whatever fails later is an error response; the promise never rejects.
   */
  process(frame: Buffer, connection: ConnectionInfo): Processed | Promise<Processed>
}

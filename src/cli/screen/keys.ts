import { emitKeypressEvents, type Interface } from 'node:readline'
import { PassThrough } from 'node:stream'

/**
 * A key as programs name it: `a`, `A`, `/`, `up`, `pagedown`, `return`, `escape`, `tab`, `shift-tab`, `ctrl-c`. What is
 * typed or pasted as text comes character by character.
 */
export type Key = string

/** How long a lone ESC waits for the rest of a sequence, which a slow line may send later. */
const ESCAPE_TIMEOUT_MS = 50

/** Turns what a terminal sends into keys. */
export class KeyDecoder {
  private readonly bytes = new PassThrough()

  constructor(onKey: (key: Key) => void) {
    // Node's decoder takes the time from the line editor that it usually serves; here there is none.
    emitKeypressEvents(this.bytes, { escapeCodeTimeout: ESCAPE_TIMEOUT_MS } as unknown as Interface)
    this.bytes.on('keypress', (text: string | undefined, key: NodeKey) => {
      const name = nameOf(text, key)
      if (name !== undefined) onKey(name)
    })
  }

  write(chunk: Uint8Array): void {
    this.bytes.write(chunk)
  }

  close(): void {
    this.bytes.removeAllListeners('keypress')
    this.bytes.destroy()
  }
}

interface NodeKey {
  readonly name?: string
  readonly ctrl?: boolean
  readonly meta?: boolean
  readonly shift?: boolean
}

function nameOf(text: string | undefined, { name, ctrl, meta, shift }: NodeKey): Key | undefined {
  if (ctrl) return name === undefined ? undefined : `ctrl-${name}`
  if (name === 'space') return ' '
  if (name === 'enter') return 'return'
  if (name !== undefined && name.length > 1) return shift && name === 'tab' ? 'shift-tab' : name
  // ESC right before a letter is Alt and the letter; nothing here is bound to that.
  return meta ? undefined : text
}

import { KcliError } from './errors.ts'

/**
 * What a Java program of Kafka's lets fall out of its main method: `Exception in thread "main" CLASS: MESSAGE` on stderr
 * and exit code 1. The drop-in tools say the same first line; the stack below it is Java's own.
 */
export class JavaException extends KcliError {
  readonly className: string
  /** Null when Java's has no message. */
  readonly text: string | null

  constructor(className: string, text: string | null = null, cause?: unknown) {
    super('KCLI_JAVA_EXCEPTION', text ?? className, cause === undefined ? {} : { cause })
    this.className = className
    this.text = text
  }

  /** As java.lang.Throwable prints it. */
  override toString(): string {
    return this.text === null ? this.className : `${this.className}: ${this.text}`
  }
}

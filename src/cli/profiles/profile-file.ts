import type { Document } from 'yaml'
import { fileProblem, systemErrorCode } from '../../base/errors.ts'
import { writePrivateFile } from '../../base/private-file.ts'
import { readTextFile } from '../../base/standard-streams.ts'
import { UsageError } from '../exit-codes.ts'
import { isMapping, type Profile, parseProfile } from './profile.ts'

/** `config.yml`: read as a whole, written as a whole, with the comments that people put there. */
export class ProfileFile {
  readonly path: string
  private readonly document: Document

  private constructor(path: string, document: Document) {
    this.path = path
    this.document = document
  }

  /** An empty one when there is no file yet. Throws a {@link UsageError} for what cannot be read. */
  static async load(path: string): Promise<ProfileFile> {
    const text = textOf(path)
    const { parseDocument } = await import('yaml')
    const document = parseDocument(text)
    const [error] = document.errors
    if (error !== undefined) {
      throw new UsageError(
        `${path} is no YAML that can be read: ${error.message.split('\n')[0]?.replace(/:$/, '')}`,
        'Put it right there, or move it away and make the profiles anew.',
      )
    }
    const content: unknown = document.toJS()
    if (content !== null && (!isMapping(content) || !isMapping(content.profiles ?? {}))) {
      throw new UsageError(`${path} has no profiles`, 'It begins with the line profiles:')
    }
    return new ProfileFile(path, document)
  }

  names(): string[] {
    return Object.keys(this.raw)
  }

  /** Throws a {@link UsageError} for one that makes no sense. */
  get(name: string): Profile | undefined {
    const { raw } = this
    return Object.hasOwn(raw, name) ? parseProfile(name, raw[name], this.path) : undefined
  }

  /** Puts a profile there; `undefined` takes it away. */
  set(profile: string, value: Readonly<Record<string, unknown>> | undefined): void {
    const { document } = this
    if (value === undefined) document.deleteIn(['profiles', profile])
    else document.setIn(['profiles', profile], document.createNode(value))
  }

  setProperty(profile: string, key: string, value: string): void {
    this.document.setIn(['profiles', profile, 'properties', key], value)
  }

  setKey(profile: string, key: string, value: string): void {
    this.document.setIn(['profiles', profile, key], value)
  }

  /** For its owner alone. */
  save(): void {
    // A profile that could not be read again must not be written.
    for (const name of this.names()) this.get(name)
    try {
      writePrivateFile(this.path, this.document.toString({ lineWidth: 0 }), { sync: true })
    } catch (error) {
      throw new UsageError(
        `${this.path} cannot be written: ${fileProblem(error)}`,
        'Name another file with KCLI_CONFIG.',
      )
    }
  }

  private get raw(): Record<string, unknown> {
    const content = this.document.toJS() as { profiles?: Record<string, unknown> } | null
    return content?.profiles ?? {}
  }
}

function textOf(path: string): string {
  try {
    return readTextFile(path)
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return ''
    throw new UsageError(
      `${path} cannot be read: ${fileProblem(error)}`,
      'Name another file with KCLI_CONFIG.',
    )
  }
}

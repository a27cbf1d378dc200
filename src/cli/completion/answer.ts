import path from 'node:path'
import { systemClock } from '../../base/clock.ts'
import { startDetached } from '../../base/detached-process.ts'
import { quotedWord } from '../../base/shell-word.ts'
import type { GlobalFlags } from '../base-command.ts'
import { withProfile } from '../profiles/active.ts'
import { chooseTarget } from '../target.ts'
import { CachedNames, refreshNames } from './cached-names.ts'
import type { Candidate, Found } from './candidates.ts'
import { type CommandIndex, readCommandFacts } from './command-facts.ts'
import { knownConfigs } from './config-facts.ts'
import { candidatesFor } from './engine.ts'
import { gatherNames } from './gather.ts'
import { NameCache } from './name-cache.ts'
import { profileNames } from './profile-names.ts'
import { typedWords } from './quoting.ts'
import type { CompletionSource } from './source.ts'
import { targetFlags } from './target-flags.ts'

/** From the start of the process to the answer, where a broker has to be asked first. */
const BUDGET_MS = 130
const LEAST_PATIENCE_MS = 30

/** The target of a process that makes the names new; arguments can be seen by all users. */
const REFRESH_FLAGS = 'KCLI_COMPLETE_FLAGS'

export interface AnswerOptions {
  readonly root: string
  readonly ids: ReadonlySet<string>
  readonly write: (text: string) => void
}

/**
 * `__complete -- WORDS…` (without `kcli`; the last one is being typed) answers with a line for each candidate: the word, a tab
 * and what it is. A last line that begins with `:` says what else may stand there: `:files`, `:directories` or `:program N`.
 * `__complete --line TEXT` takes the whole line up to the cursor, with its quotes, and answers with words as they have to be
 * typed, a blank behind those that are complete. `__complete --refresh` asks the target for names and keeps them.
 */
export async function answerCompletion(argv: readonly string[], options: AnswerOptions): Promise<void> {
  const [mode, ...words] = argv
  if (mode === '--refresh') return await refresh()
  const typed = mode === '--line' ? typedWords(words[0] ?? '') : { words: ['', ...words], quote: '' }
  if (typed === undefined) return
  const [called = '', ...rest] = typed.words
  const isTool = /^(kafka|zookeeper)-/.test(toolName(called))
  const line = isTool ? [toolName(called), ...rest] : rest
  const answer = await candidatesFor(sourceFor(line, options), line)
  const last = line.at(-1) ?? ''
  // A name that looks like one of our own lines is left to be typed.
  const candidates = answer.candidates.filter(({ text }) => text.startsWith(last) && !text.startsWith(':'))
  const lines = mode === '--line' ? asTyped(candidates, typed.quote) : candidates.map(withNote)
  options.write([...lines, ...elsewhere(answer, isTool ? 0 : 1)].map((text) => `${text}\n`).join(''))
}

/** Kafka's tools by the links that `kcli link` makes, or by Kafka's own names. */
function toolName(called: string): string {
  return called.slice(called.lastIndexOf('/') + 1).replace(/\.sh$/, '')
}

function withNote({ text, note }: Candidate): string {
  return note === undefined ? text : `${text}\t${note.replaceAll(/\s+/g, ' ')}`
}

/** Inside of quotes the user's shell adds what is missing. */
function asTyped(candidates: readonly Candidate[], quote: string): string[] {
  return candidates.map(({ text, isOpen }) =>
    quote === '' ? `${quotedWord(text)}${isOpen === true ? '' : ' '}` : text,
  )
}

/** @param before words in front of those that were given: the name of the program */
function elsewhere({ elsewhere: place }: Found, before: number): string[] {
  if (place === undefined) return []
  return [typeof place === 'string' ? `:${place}` : `:program ${place.programAt + before}`]
}

function sourceFor(line: readonly string[], options: AnswerOptions): CompletionSource {
  const { root, ids } = options
  let facts: CommandIndex['facts'] | undefined
  const commands: CommandIndex = {
    ids,
    get facts() {
      facts ??= readCommandFacts(root)
      return facts
    },
  }
  let names: CachedNames | undefined
  return {
    commands,
    configs: knownConfigs,
    profiles: profileNames,
    names: async (place) => {
      names ??= namesFor(await withProfile(targetFlags(line), process.env), options)
      return await names.names(place)
    },
  }
}

function namesFor(flags: GlobalFlags, { root }: AnswerOptions): CachedNames {
  return new CachedNames({
    cache: cacheOf(flags),
    clock: systemClock,
    patienceMs: () => Math.max(LEAST_PATIENCE_MS, BUDGET_MS - process.uptime() * 1000),
    gather: (kinds, timeoutMs) => gatherNames(flags, kinds, timeoutMs),
    refreshElsewhere: () =>
      startDetached(process.execPath, [`${root}/bin/run.js`, '__complete', '--refresh'], {
        ...process.env,
        [REFRESH_FLAGS]: JSON.stringify({ ...flags, activeProfile: undefined }),
      }),
  })
}

async function refresh(): Promise<void> {
  const flags = await withProfile(JSON.parse(process.env[REFRESH_FLAGS] ?? '{}'), process.env)
  await refreshNames(cacheOf(flags), systemClock, (kinds, timeoutMs) => gatherNames(flags, kinds, timeoutMs))
}

function cacheOf(flags: GlobalFlags): NameCache {
  const config = flags['command-config']
  const how = [
    chooseTarget(flags, process.env),
    config && path.resolve(config),
    flags['command-property'],
    flags.activeProfile?.name,
  ]
  return new NameCache(process.env, JSON.stringify(how))
}

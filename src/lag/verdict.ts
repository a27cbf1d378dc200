/** How a group does with one partition, and in words why. The words are those of Burrow. */
export type PartitionVerdict = 'OK' | 'WARN' | 'STALL' | 'STOP' | 'REWIND'
export type GroupVerdict = 'OK' | 'WARN' | 'ERR'

export interface Judgement<V> {
  readonly verdict: V
  /** A sentence without its full stop. */
  readonly reason: string
}

/** One commit of the window. */
export interface CommitSample {
  readonly timestampMs: number
  readonly offset: number
  /** Where the log ended then; -1 when that cannot be told. */
  readonly endOffset: number
}

export interface PartitionProgress {
  /** In the order of the log. */
  readonly commits: readonly CommitSample[]
  /** Null: nothing is committed. */
  readonly offset: number | null
  readonly startOffset: number
  readonly endOffset: number
  /** The age of the first record that is not read; null when it is not known. */
  readonly lagMs: number | null
  readonly nowMs: number
  /** How far back commits were looked for. */
  readonly windowMs: number
  /** False when nobody is in the group, or nobody was given the partition. */
  readonly isAssigned: boolean
}

/** A lag up to this is none (Burrow's allowed-lag). */
const ALLOWED_LAG = 0
/** With fewer commits, the time since the last one says nothing: Burrow then cries STOP too early. */
const MIN_COMMITS = 3
/** Nobody is taken for stopped sooner, and nobody because of records that are younger. */
const MIN_SILENCE_MS = 30_000

/** The lag that a look at this moment shows. A group that has committed nothing has all of the log before it. */
export function currentLag({
  offset,
  startOffset,
  endOffset,
}: Pick<PartitionProgress, 'offset' | 'startOffset' | 'endOffset'>): number {
  return Math.max(0, endOffset - (offset ?? startOffset))
}

/**
 * Burrow's rules (evaluator.caching), with what its users found wrong with them put right: the lag is that of this
 * moment, not of the last commit, and few commits alone are no reason to call a consumer stopped.
 */
export function judgePartition(progress: PartitionProgress): Judgement<PartitionVerdict> {
  const { commits, offset, nowMs, windowMs, isAssigned, startOffset, lagMs } = progress
  const lag = currentLag(progress)
  if (lag <= ALLOWED_LAG) return ok('everything is read')
  const behind =
    offset !== null && offset < startOffset ? `, of which ${startOffset - offset} are deleted` : ''
  const waiting = `${records(lag)} ${lag === 1 ? 'waits' : 'wait'}${behind}`
  const first = commits[0]
  if (!isAssigned) return { verdict: 'STOP', reason: `nobody reads it, and ${waiting}` }
  if (offset === null) return { verdict: 'WARN', reason: `nothing was committed yet, and ${waiting}` }
  const quietMs = silence(commits, nowMs, windowMs)
  if (quietMs !== undefined) {
    if (lagMs !== null && lagMs < MIN_SILENCE_MS)
      return ok(`the first of them came ${duration(lagMs)} ago, ${waiting}`)
    const since = commits.length === 0 ? `more than ${duration(quietMs)}` : duration(quietMs)
    return { verdict: 'STOP', reason: `no commit for ${since}, and ${waiting}` }
  }
  if (first === undefined) return ok(`no commits to judge by, ${waiting}`)
  const rewind = rewound(commits)
  if (rewind !== undefined)
    return { verdict: 'REWIND', reason: `went back from offset ${rewind.from} to ${rewind.to}` }
  if (commits.some((commit) => lagAt(commit) <= ALLOWED_LAG))
    return ok(`was at the end within the last ${duration(nowMs - first.timestampMs)}`)
  if (commits.length < 2) return ok(`too few commits to judge by, ${waiting}`)
  if (commits.every((commit) => commit.offset === first.offset))
    return {
      verdict: 'STALL',
      reason: `commits offset ${first.offset} again and again for ${duration(nowMs - first.timestampMs)}, and ${waiting}`,
    }
  const lags = commits.map(lagAt).filter(Number.isFinite)
  const neverShrank = lags.length >= 2 && lags.every((each, i) => i === 0 || each >= (lags[i - 1] ?? 0))
  if (neverShrank)
    return {
      verdict: 'WARN',
      reason: `falls behind: the lag grew from ${lags[0]} to ${lag} in ${duration(nowMs - first.timestampMs)}`,
    }
  return ok(`catches up, ${waiting}`)
}

/**
 * How long nothing was committed, if that is longer than it should be: none of the window, or longer than all of its
 * commits took. Whoever commits every second may once take longer over something.
 */
function silence(commits: readonly CommitSample[], nowMs: number, windowMs: number): number | undefined {
  const first = commits[0]
  const last = commits.at(-1)
  if (first === undefined || last === undefined) return windowMs
  const sinceMs = nowMs - last.timestampMs
  const usualMs = Math.max(last.timestampMs - first.timestampMs, MIN_SILENCE_MS)
  return commits.length >= MIN_COMMITS && sinceMs > usualMs ? sinceMs : undefined
}

function ok(reason: string): Judgement<PartitionVerdict> {
  return { verdict: 'OK', reason }
}

/** Unknown ends count as far away: nobody is let off for what is not known. */
function lagAt({ offset, endOffset }: CommitSample): number {
  return endOffset < 0 ? Number.POSITIVE_INFINITY : Math.max(0, endOffset - offset)
}

/** A step back that was not made good by a later commit. */
function rewound(commits: readonly CommitSample[]): { from: number; to: number } | undefined {
  const last = commits.at(-1)?.offset ?? 0
  let highest = Number.NEGATIVE_INFINITY
  let from: number | undefined
  for (const { offset } of commits) {
    if (offset < highest) from = highest
    highest = Math.max(highest, offset)
  }
  return from !== undefined && last < from ? { from, to: last } : undefined
}

export interface JudgedPartition {
  readonly name: string
  readonly judgement: Judgement<PartitionVerdict>
}

/** ERR when a partition stands still or went back, WARN when one falls behind. The reason names the worst. */
export function judgeGroup(partitions: readonly JudgedPartition[]): Judgement<GroupVerdict> {
  const isBad = ({ judgement: { verdict } }: JudgedPartition) => verdict !== 'OK' && verdict !== 'WARN'
  const bad = partitions.filter(isBad)
  const slow = partitions.filter(({ judgement }) => judgement.verdict === 'WARN')
  const [worst] = bad.length > 0 ? bad : slow
  if (worst === undefined) {
    const isDone = partitions.every(({ judgement }) => judgement.reason === 'everything is read')
    return { verdict: 'OK', reason: isDone ? 'everything is read' : 'no partition falls behind' }
  }
  const others = (bad.length > 0 ? bad : slow).length - 1
  const more = others === 0 ? '' : `; ${others} more partition${others === 1 ? '' : 's'} like it`
  return {
    verdict: bad.length > 0 ? 'ERR' : 'WARN',
    reason: `${worst.name} ${worst.judgement.verdict === 'WARN' ? '' : `${worst.judgement.verdict}: `}${worst.judgement.reason}${more}`,
  }
}

function records(count: number): string {
  return count === 1 ? '1 record' : `${count} records`
}

/** `850 ms`, `12 s`, `3 min`, `5 h`, `2 d`: for people. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  if (ms < 120_000) return `${Math.round(ms / 1000)} s`
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`
  return ms < 172_800_000 ? `${Math.round(ms / 3_600_000)} h` : `${Math.round(ms / 86_400_000)} d`
}

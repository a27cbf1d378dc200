import { describe, expect, it } from 'vitest'
import { CommitWindow, judgeGroup, judgePartition } from '../../src/lag/index.ts'

const NOW = 1_000_000_000
const MINUTE = 60_000

/** Commits as [minutes ago, offset, end of the log then]. */
function judged(
  commits: readonly (readonly [number, number, number])[],
  over: Partial<Parameters<typeof judgePartition>[0]> = {},
) {
  return judgePartition({
    commits: commits.map(([minutesAgo, offset, endOffset]) => ({
      timestampMs: NOW - minutesAgo * MINUTE,
      offset,
      endOffset,
    })),
    offset: commits.at(-1)?.[1] ?? null,
    startOffset: 0,
    endOffset: 100,
    nowMs: NOW,
    windowMs: 10 * MINUTE,
    isAssigned: true,
    lagMs: 5 * MINUTE,
    ...over,
  })
}

describe('the verdict about a partition', () => {
  it('OK: everything is read, whatever was before', () => {
    expect(judged([[9, 50, 60]], { offset: 100 }).verdict).toBe('OK')
    expect(judged([], { offset: 100, isAssigned: false }).reason).toBe('everything is read')
  })

  it('OK: it was at the end within the window', () => {
    expect(
      judged([
        [5, 10, 40],
        [3, 60, 60],
        [1, 70, 90],
      ]),
    ).toEqual({
      verdict: 'OK',
      reason: 'was at the end within the last 5 min',
    })
  })

  it('OK: it catches up', () => {
    expect(
      judged([
        [5, 10, 80],
        [3, 40, 85],
        [1, 70, 90],
      ]).verdict,
    ).toBe('OK')
  })

  it('WARN: it moves, and the lag never shrinks', () => {
    expect(
      judged([
        [5, 10, 20],
        [3, 20, 40],
        [1, 30, 60],
      ]),
    ).toEqual({
      verdict: 'WARN',
      reason: 'falls behind: the lag grew from 10 to 70 in 5 min',
    })
  })

  it('STALL: it commits the same offset again and again', () => {
    expect(
      judged([
        [5, 10, 20],
        [3, 10, 40],
        [1, 10, 60],
      ]).verdict,
    ).toBe('STALL')
  })

  it('STOP: it committed, and then no more', () => {
    expect(
      judged([
        [9, 10, 20],
        [8, 20, 40],
        [7, 30, 60],
      ]),
    ).toEqual({
      verdict: 'STOP',
      reason: 'no commit for 7 min, and 70 records wait',
    })
    expect(judged([], { offset: 30 })).toEqual({
      verdict: 'STOP',
      reason: 'no commit for more than 10 min, and 70 records wait',
    })
  })

  it('STOP: nobody reads it', () => {
    expect(judged([[1, 99, 99]], { isAssigned: false })).toEqual({
      verdict: 'STOP',
      reason: 'nobody reads it, and 1 record waits',
    })
  })

  it('not STOP: few commits, a short silence, or records that came a moment ago', () => {
    expect(judged([[2, 10, 20]]).verdict).toBe('OK')
    const often = [0.6, 0.55, 0.5].map((ago, i) => [ago, 10 + 20 * i, 60] as const)
    expect(judged(often).verdict).toBe('OK')
    expect(judged(often.map(([ago, offset, end]) => [ago + 0.2, offset, end])).verdict).toBe('STOP')
    const quiet = judged(
      [
        [9, 80, 90],
        [8, 85, 90],
        [7, 90, 90],
      ],
      { lagMs: 2000 },
    )
    expect(quiet).toEqual({ verdict: 'OK', reason: 'the first of them came 2 s ago, 10 records wait' })
    expect(judged([], { offset: 99, lagMs: 0 }).verdict).toBe('OK')
    expect(judged([], { offset: 99, lagMs: null }).verdict).toBe('STOP')
  })

  it('REWIND: it went back, and is not where it was', () => {
    expect(
      judged([
        [3, 10, 90],
        [2, 40, 90],
        [1, 20, 90],
      ]),
    ).toEqual({
      verdict: 'REWIND',
      reason: 'went back from offset 40 to 20',
    })
    expect(
      judged([
        [4, 10, 90],
        [3, 40, 90],
        [2, 20, 90],
        [1, 45, 95],
      ]).verdict,
    ).not.toBe('REWIND')
  })

  it('WARN: nothing committed yet; it tells of records that are deleted', () => {
    expect(judged([]).verdict).toBe('WARN')
    expect(judged([], { offset: 10, startOffset: 50 }).reason).toContain(
      '90 records wait, of which 40 are deleted',
    )
  })
})

describe('the verdict about a group', () => {
  const of = (
    verdict: 'OK' | 'WARN' | 'STALL' | 'STOP' | 'REWIND',
    name = 'orders-0',
    reason = 'so it is',
  ) => ({
    name,
    judgement: { verdict, reason },
  })

  it('is that of its worst partition', () => {
    expect(judgeGroup([of('OK', 'a-0', 'everything is read')])).toEqual({
      verdict: 'OK',
      reason: 'everything is read',
    })
    expect(judgeGroup([of('OK'), of('WARN', 'a-1')])).toEqual({ verdict: 'WARN', reason: 'a-1 so it is' })
    expect(judgeGroup([of('WARN'), of('STALL', 'a-2'), of('STOP')])).toEqual({
      verdict: 'ERR',
      reason: 'a-2 STALL: so it is; 1 more partition like it',
    })
  })
})

describe('CommitWindow', () => {
  it('keeps the last commits, apart from each other, within the window', () => {
    const window = new CommitWindow({ windowMs: 100, maxCommits: 3, minDistanceMs: 10 })
    for (const [at, offset] of [
      [0, 1],
      [20, 2],
      [25, 3],
      [40, 4],
      [60, 5],
    ] as const)
      window.add('p', at, offset)
    expect(window.commits('p', 60).map(({ offset }) => offset)).toEqual([3, 4, 5])
    expect(window.commits('p', 150).map(({ offset }) => offset)).toEqual([5])
    expect(window.commits('other', 60)).toEqual([])
  })

  it('keeps a step back, however near', () => {
    const window = new CommitWindow({ windowMs: 100, maxCommits: 5, minDistanceMs: 10 })
    for (const [at, offset] of [
      [0, 7],
      [1, 3],
    ] as const)
      window.add('p', at, offset)
    expect(window.commits('p', 1).map(({ offset }) => offset)).toEqual([7, 3])
  })

  it('is told later where the log ended', () => {
    const window = new CommitWindow({ windowMs: 100, maxCommits: 5, minDistanceMs: 1 })
    window.add('p', 10, 7)
    for (const { timestampMs, fill } of window.unknownEnds('p')) fill(timestampMs)
    expect(window.commits('p', 20)).toEqual([{ timestampMs: 10, offset: 7, endOffset: 10 }])
    expect(window.unknownEnds('p')).toEqual([])
  })
})

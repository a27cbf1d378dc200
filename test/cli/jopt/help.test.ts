import { describe, expect, it } from 'vitest'
import { formatHelp, lineBreaks } from '../../../src/cli/jopt/help.ts'

describe('lineBreaks', () => {
  // What java.text.BreakIterator.getLineInstance gives on Java 17.
  it.each([
    '[a ][b  ][c]',
    '[well-][known ][text ][(like ][this) ][and/or ][that, ][e.][g. ][foo.][bar:][baz; ][x=y ][--][opt ][one]',
    '[topic,][partition ]["quoted ][text" ][a-][1 ][1-][a ][-1 ][a--][b ][it\'s ][<a> ][[b] ][{c} ][10% ][$x ][#y ][a|b]',
    '[.][foo ]["foo ][%][x ][?][x ][("foo") ]["(a ][10,000 ][1.5-][2 ][v1.][2 ][a.][1 ][1.][a ][(-1) ][=-][1 ][,][1 ][a,][1 ][1,][a]',
    '[-][x ][--][x ][-10 ][a ][-- ][b ][a-- ][b ][--1 ][x--][1 ][x-][1.5 ][[-1.5,2] ]["-1" ][<a,][b> ][\'-][a\' ]',
    '[12%][3 ][$10 ][US$10 ][$-10 ]["a"][b ][(a)][b ][(a)][(b) ][)][a ][.. ][... ][...][a ][a...][b ][,,][a ]',
    '[topic4:][5-][,][topic5:][-3][> ][a:][-3][b ]',
    '[)][-([0-][9]) ][)][-][(x ][3b ][(3> ][-$3 ][3.5][x ][--3][b ]',
    '[1.2.3 ][1,2,3, ][1:][2 ][12:][30 ][1;][2 ][.][5 ][a.][5 ][5. ][5.) ][3% ][3%) ][1/2 ][1_2 ][1a2 ][a1.][2 ][a1,][b2 ][1.][a2]',
  ])('%s', (expected) => {
    const words = expected.slice(1, -1).split(/\]\[(?!b\] |-1\.5,2)/)
    expect(words.join('')).toBe(expected.slice(1, -1).replace(/\]\[(?!b\] |-1\.5,2)/g, ''))
    expect(lineBreaks(words.join(''))).toEqual(words)
  })
})

describe('formatHelp', () => {
  it('sorts, marks what is required, and keeps the left column in its half', () => {
    const text = formatHelp([
      { names: ['zoo', 'z'], description: 'Animals.' },
      {
        names: ['a-very-long-option-name'],
        description: 'Described in one line.',
        argument: { isRequired: true, describedAs: 'a long description of its argument' },
        isRequired: true,
      },
      {
        names: ['long'],
        description:
          'A description that says "well-known" things (in brackets, too) about 10,000 topic-partitions, e.g. orders-0;and/or anOverlongWordThatDoesNotFitIntoTheColumnWhateverOneDoesWithIt.',
      },
      {
        names: ['list'],
        description: 'Many.',
        argument: { isRequired: false, type: 'Long', defaults: [1, 2] },
      },
    ])
    // What joptsimple 5.0.4 prints for the same options.
    expect(text.split('\n')).toEqual([
      'Option (* = required)                   Description                             ',
      '---------------------                   -----------                             ',
      '* --a-very-long-option-name <String: a  Described in one line.                  ',
      '  long description of its argument>                                             ',
      '--list [Long]                           Many. (default: [1, 2])                 ',
      '--long                                  A description that says "well-known"    ',
      '                                          things (in brackets, too) about       ',
      '                                          10,000 topic-partitions, e.g. orders- ',
      '                                          0;and/or                              ',
      '                                          anOverlongWordThatDoesNotFitIntoTheColumnWhateverOneDoesWithIt.',
      '-z, --zoo                               Animals.                                ',
      '',
    ])
  })
})

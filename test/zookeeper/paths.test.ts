import { expect, test } from 'vitest'
import { parentPath, pathAndParents, pathProblem, sequentialPath } from '../../src/zookeeper/paths.ts'

test('paths that PathUtils takes', () => {
  for (const path of [
    '/',
    '/a',
    '/a/b',
    '/...',
    '/.a',
    '/a..',
    '/größe',
    '/a/..b/c',
    '/a b',
    '/a:b',
    '/\u3042',
  ]) {
    expect(pathProblem(path), path).toBeUndefined()
  }
})

test('paths that PathUtils refuses', () => {
  const refused = [
    '',
    'a',
    '/a/',
    '//',
    '/a//b',
    '/.',
    '/..',
    '/a/./b',
    '/a/../b',
    '/a/..',
    '/a\u0000',
    '/a\u0001b',
  ]
  for (const path of [...refused, '/\u007f', '/\u009f', '/\ud800', '/\uf8ff', '/\ufff0', '/\u{1F600}']) {
    expect(pathProblem(path), JSON.stringify(path)).toBeDefined()
  }
})

test('parents', () => {
  expect(parentPath('/a/b')).toBe('/a')
  expect(parentPath('/a')).toBe('/')
  expect([...pathAndParents('/a/b')]).toEqual(['/a/b', '/a', '/'])
})

test('sequential names have ten places, as %010d', () => {
  expect(sequentialPath('/a/n-', 7)).toBe('/a/n-0000000007')
  expect(sequentialPath('/a/', 2147483647)).toBe('/a/2147483647')
  expect(sequentialPath('/a/n-', -2147483648)).toBe('/a/n--2147483648')
  expect(sequentialPath('/a/n-', -5)).toBe('/a/n--000000005')
})

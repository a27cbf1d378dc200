import { type Random, seededRandom } from '../../src/base/random.ts'

/** A seed of this run, or the one in KCLI_SEED; name it in the message of every assertion that depends on it. */
export function testRandom(): { seed: number; random: Random } {
  const given = process.env.KCLI_SEED
  const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)
  return { seed, random: seededRandom(seed) }
}

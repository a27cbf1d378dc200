import { describe } from 'vitest'
import { type Scenario, testCrashPoints } from './points.ts'
import { SMALL } from './world.ts'

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'making a log',
    run: async (world) => {
      await world.open()
      await world.send()
    },
  },
  {
    name: 'append',
    prepare: async (world) => {
      await world.open()
      await world.send()
    },
    run: async (world) => {
      await world.send()
      world.epoch = 1
      await world.send(3)
    },
  },
  {
    name: 'roll, and append across it',
    prepare: async (world) => {
      await world.open()
      await world.sendMany(3)
    },
    run: async (world) => {
      await world.sendMany(4)
      world.epoch = 1
      await world.sendMany(4)
    },
  },
  {
    name: 'flush',
    prepare: async (world) => {
      await world.open()
      await world.sendMany(5)
    },
    run: async (world) => {
      await world.flush()
      await world.send()
      await world.flush()
    },
  },
  {
    name: 'flush at every message',
    settings: { config: { ...SMALL.config, flushMessages: 1 } },
    prepare: async (world) => {
      await world.open()
    },
    run: (world) => world.sendMany(5),
  },
]

describe.each(SCENARIOS)('$name', async (scenario) => {
  await testCrashPoints(scenario)
})

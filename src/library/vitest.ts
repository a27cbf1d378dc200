import { type Cluster, type StartClusterOptions, startCluster } from './cluster.ts'

/** What the cluster and the topics of the tests of a file are like. */
export interface KafkaFixtureOptions extends StartClusterOptions {
  /** Of the topic that each test gets. One partition, on one broker, by default. */
  readonly topic?: {
    readonly numPartitions?: number
    readonly replicationFactor?: number
    readonly configs?: Readonly<Record<string, string | null>>
  }
}

/** What a test gets from {@link kafkaFixtures}. */
export interface KafkaContext {
  /** One for all tests of a file, closed behind the last one. */
  readonly kafka: Cluster
  /** The name of a topic that no other test has. It exists. */
  readonly topic: string
  /** A name that no other test has: for a group, or for a topic of one's own. */
  readonly uniqueName: (prefix?: string) => string
}

type Use<T> = (value: T) => Promise<void>
interface TestContext {
  readonly task: { readonly name: string }
}

/** In the shape that `test.extend` of Vitest takes (from 3.2 on; before that every test gets a cluster of its own). */
export interface KafkaFixtures {
  readonly kafka: [(context: object, use: Use<Cluster>) => Promise<void>, { readonly scope: 'file' }]
  readonly uniqueName: (context: TestContext, use: Use<KafkaContext['uniqueName']>) => Promise<void>
  readonly topic: (context: Pick<KafkaContext, 'kafka' | 'uniqueName'>, use: Use<string>) => Promise<void>
}

/**
 * A cluster for the tests of a file, and a topic for each of them:
 *
 *     const test = base.extend<KafkaContext>(kafkaFixtures({ brokers: 3 }))
 *     test('…', async ({ kafka, topic }) => { … })
 *
 * It is started when the first test asks for it. Vitest itself is not loaded from here.
 */
export function kafkaFixtures({ topic: settings = {}, ...options }: KafkaFixtureOptions = {}): KafkaFixtures {
  let count = 0
  return {
    kafka: [
      // Vitest reads from the text of these functions what they need.
      // biome-ignore lint/correctness/noEmptyPattern: nothing is.
      async ({}, use) => {
        const cluster = await startCluster(options)
        try {
          await use(cluster)
        } finally {
          await cluster.close()
        }
      },
      { scope: 'file' },
    ],
    uniqueName: async ({ task }, use) => {
      await use((prefix = nameOf(task.name)) => `${prefix}-${++count}`)
    },
    topic: async ({ kafka, uniqueName }, use) => {
      const name = uniqueName()
      await kafka.createTopics([{ numPartitions: 1, replicationFactor: 1, ...settings, name }])
      await use(name)
    },
  }
}

/** What of a test's name can be in a topic's. */
function nameOf(test: string): string {
  const name = test.replace(/[^A-Za-z0-9._-]+/g, '-').replace(/^-+|-+$/g, '')
  return name.slice(0, 100) || 'topic'
}

/** What the cases of behaviour-*.mjs need: a cluster of three brokers, asked frame by frame. */

/** `kafka` has `ports`; `driver` is a JavaDriver. `context.cases` collects what was asked. */
export async function createContext(kafka, driver) {
  const metadata = async (names, port = kafka.ports[0]) => {
    const topics = names.map((name) => ({ name, topicId: 'AAAAAAAAAAAAAAAAAAAAAA' }))
    const body = { topics, allowAutoTopicCreation: false, includeTopicAuthorizedOperations: false }
    return (await driver.send({ port, apiKey: 3, version: 12, body })).response
  }
  const { controllerId } = await metadata([])
  const controller = kafka.ports[controllerId]
  const other = kafka.ports[(controllerId + 1) % 3]
  /** Waits until every broker knows the leader and all replicas are in sync. */
  const leaderOf = async (topic, partition = 0) => {
    for (let i = 0; i < 100; i++) {
      const answers = await Promise.all(kafka.ports.map((port) => metadata([topic], port)))
      const known = answers.map(({ topics }) =>
        topics[0].partitions.find((one) => one.partitionIndex === partition),
      )
      if (known.every((one) => one?.leaderId >= 0 && one.isrNodes.length === one.replicaNodes.length)) {
        // Metadata comes to a broker a moment after its replicas.
        await new Promise((resolve) => setTimeout(resolve, 300))
        return known[0].leaderId
      }
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
    throw new Error(`${topic} has no leader`)
  }
  const context = {
    cases: [],
    driver,
    kafka,
    controller,
    other,
    controllerId,
    metadata,
    leaderOf,
    /** Sends a request and keeps it under a name; gives the response. */
    async ask(name, apiKey, version, body, port = controller) {
      const frame = await driver.send({ port, apiKey, version, body, timeoutMs: 5_000 })
      const outcome = frame.closed
        ? { closed: true }
        : frame.timedOut
          ? { noAnswer: true }
          : { response: frame.response }
      context.cases.push({ name, apiKey, version, request: frame.request ?? body, ...outcome })
      return frame.response
    },
    quiet: async (apiKey, version, body, port = controller) =>
      (await driver.send({ port, apiKey, version, body })).response,
  }
  return context
}

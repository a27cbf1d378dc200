/** Reassignments and elections by request, with the znodes after each step: `ask` and `look` in turn. */

const zeroId = 'AAAAAAAAAAAAAAAAAAAAAA'

export async function reassignment({ ask, quiet, kafka, driver, cases, controllerId, other, leaderOf }) {
  const own = controllerId
  const [near, far] = [(own + 1) % 3, (own + 2) % 3]
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms))
  const alter = (name, topic, partition, replicas, port) =>
    ask(
      name,
      45,
      0,
      { timeoutMs: 10_000, topics: [{ name: topic, partitions: [{ partitionIndex: partition, replicas }] }] },
      port,
    )
  const list = (name, topics = null) => ask(name, 46, 0, { timeoutMs: 10_000, topics })
  const elect = (name, electionType, topicPartitions, port) =>
    ask(name, 43, 2, { electionType, topicPartitions, timeoutMs: 10_000 }, port)
  const one = (topic, ...partitions) => [{ topic, partitions }]
  /** The assignment and the state of a topic. */
  const look = async (name, topic) => {
    const found = await driver.call('znodes', { connect: kafka.zookeeper, path: `/brokers/topics/${topic}` })
    const data = (path) => (found[path]?.data === undefined ? null : JSON.parse(found[path].data))
    const {
      partitions,
      adding_replicas: adding,
      removing_replicas: removing,
    } = data(`/brokers/topics/${topic}`)
    const state = data(`/brokers/topics/${topic}/partitions/0/state`)
    const { leader, isr, leader_epoch: leaderEpoch } = state
    cases.push({
      name,
      topic,
      assignment: { partitions, adding, removing },
      state: { leader, isr, leaderEpoch },
    })
  }
  const create = async (name, ...replicas) => {
    const assignments = replicas.map((brokerIds, partitionIndex) => ({ partitionIndex, brokerIds }))
    const topic = { name, numPartitions: -1, replicationFactor: -1, assignments, configs: [] }
    await quiet(19, 7, { topics: [topic], timeoutMs: 10_000, validateOnly: false })
    await leaderOf(name)
  }
  await create('moves', [own, near], [near, own])
  await create('dies', [far, own])
  await create('alone', [far])
  cases.push({ name: 'brokers', controller: own, near, far })

  await list('nothing moves')
  await alter('empty list', 'moves', 0, [])
  await alter('duplicates', 'moves', 0, [own, own])
  await alter('negative broker', 'moves', 0, [own, -1])
  await alter('unknown broker', 'moves', 0, [own, 9])
  await alter('unknown topic', 'nowhere', 0, [own])
  await alter('unknown partition', 'moves', 9, [own])
  await alter('unknown partition and broker', 'moves', 9, [9])
  await alter('cancel without a reassignment', 'moves', 0, null)
  await alter('cancel of an unknown partition', 'moves', 9, null)
  await alter('not the controller', 'moves', 0, [own], other)
  await look('before', 'moves')
  await alter('same replicas', 'moves', 0, [own, near])
  await look('same replicas: znodes', 'moves')
  await alter('another order', 'moves', 0, [near, own])
  await look('another order: znodes', 'moves')
  await elect('preferred, both kinds', 0, one('moves', 0, 1))
  await look('preferred: znodes', 'moves')
  await elect('preferred, not needed', 0, one('moves', 0))
  await elect('preferred, unknown', 0, [...one('moves', 7), ...one('nowhere', 0)])
  await elect('preferred of all, not needed', 0, null)
  await elect('unclean, not needed', 1, one('moves', 0))
  await elect('not the controller: election', 0, one('moves', 0), other)
  await elect('election type 7', 7, one('moves', 0))
  await ask('ElectLeaders v0', 43, 0, { topicPartitions: one('moves', 0, 9), timeoutMs: 10_000 })
  await alter('fewer replicas, the leader goes', 'moves', 0, [own])
  await pause(500)
  await look('fewer replicas, the leader goes: znodes', 'moves')
  await alter('more replicas', 'moves', 0, [own, near, far])
  await leaderOf('moves')
  await pause(1_000)
  await look('more replicas: znodes', 'moves')
  await alter('fewer replicas, the leader stays', 'moves', 0, [own])
  await pause(500)
  await look('fewer replicas, the leader stays: znodes', 'moves')

  // From here on until its session is over it counts as alive and fetches nothing.
  await kafka.stopBroker(far, 'SIGKILL')
  await alter('to a broker that hangs', 'moves', 0, [far])
  await look('to a broker that hangs: znodes', 'moves')
  await list('one moves')
  await list('one moves, others asked about', [{ name: 'moves', partitionIndexes: [1, 5] }])
  await alter('another target on the way', 'moves', 0, [far, near])
  await look('another target on the way: znodes', 'moves')
  await alter('cancel', 'moves', 0, null)
  await look('cancel: znodes', 'moves')
  await list('nothing moves any more')
  await pause(10_000)
  await look('its broker is dead', 'dies')
  await alter('to a dead broker', 'moves', 0, [far])
  await elect('preferred, dead', 0, [...one('dies', 0), ...one('alone', 0)])
  await elect('unclean, dead', 1, [...one('dies', 0), ...one('alone', 0)])
  await kafka.startBroker(far)
  await leaderOf('dies')
  for (const topic of ['moves', 'dies', 'alone']) {
    await quiet(20, 6, { topics: [{ name: topic, topicId: zeroId }], timeoutMs: 10_000 })
  }
}

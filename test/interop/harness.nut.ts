/** The harness itself against real Kafka: what the other interop tests stand on. */
import { afterAll, beforeAll, expect, it } from 'vitest'
import { JavaDriver, runToolProcess } from './support/driver.ts'
import { type KafkaCluster, startKafka } from './support/kafka.ts'
import { kcatConsume, kcatProduce } from './support/kcat.ts'
import { describeInterop } from './support/suite.ts'

describeInterop('real Kafka 3.9.1', ['kafka', 'driver', 'kcat'], () => {
  let kafka: KafkaCluster
  let java: JavaDriver

  beforeAll(async () => {
    java = new JavaDriver()
    kafka = await startKafka({ brokers: 1 })
  })

  afterAll(async () => {
    await java?.close()
    await kafka?.stop()
  })

  const tool = (name: Parameters<JavaDriver['runTool']>[0], ...args: string[]) =>
    java.runTool(name, ['--bootstrap-server', kafka.bootstrap, ...args])

  it('carries records from kcat to the Java consumer, with every codec', async () => {
    expect(await tool('kafka-topics', '--create', '--topic', 'codecs')).toMatchObject({
      stdout: 'Created topic codecs.\n',
      stderr: '',
      code: 0,
    })
    const codecs = ['none', 'gzip', 'snappy', 'lz4', 'zstd']
    for (const codec of codecs)
      await kcatProduce(kafka.bootstrap, 'codecs', [`a ${codec}`, `b ${codec}`], { codec })
    const records = await java.consume({ 'bootstrap.servers': kafka.bootstrap }, [
      { topic: 'codecs', partition: 0, offset: 0 },
    ])
    const sent = codecs.flatMap((codec) => [`a ${codec}`, `b ${codec}`])
    expect(records.map((record) => record.value)).toEqual(sent)
    expect(await kcatConsume(kafka.bootstrap, 'codecs')).toEqual(sent)
  })

  it('gives the exit code and the streams of a tool as its own process has them', async () => {
    const args = ['--bootstrap-server', kafka.bootstrap, '--describe', '--topic', 'nowhere']
    const inDriver = await java.runTool('kafka-topics', args)
    const asProcess = await runToolProcess('kafka-topics', args)
    // Time stamps differ, and a stack trace is deeper in the driver.
    const withoutTime = (text: string) =>
      text.replaceAll(/\[[\d-]+ [\d:,]+\]/g, '').replaceAll(/\tat (java\.base|Tools\.).*\n/g, '')
    expect(inDriver.code).toBe(1)
    expect({
      ...inDriver,
      stdout: withoutTime(inDriver.stdout),
      stderr: withoutTime(inDriver.stderr),
    }).toEqual({
      ...asProcess,
      stdout: withoutTime(asProcess.stdout),
      stderr: withoutTime(asProcess.stderr),
    })
  })

  it('survives a crash of the broker with all that was acknowledged', async () => {
    await tool('kafka-topics', '--create', '--topic', 'crash')
    const config = { 'bootstrap.servers': kafka.bootstrap, acks: 'all' }
    const { sent } = await java.produce(config, [
      { send: [{ topic: 'crash', key: null, value: 'kept', headers: [['h', null]] }] },
    ])
    expect(sent).toMatchObject([{ partition: 0, offset: 0 }])
    await kafka.stopBroker(0, 'SIGKILL')
    await kafka.startBroker(0)
    const records = await java.consume({ 'bootstrap.servers': kafka.bootstrap }, [
      { topic: 'crash', partition: 0, offset: 0 },
    ])
    expect(records).toMatchObject([{ offset: 0, key: null, value: 'kept', headers: [['h', null]] }])
  })
})

/** What a real broker answers in unusual cases: test/golden/behaviour/*.json, lists of {name, apiKey, version, request, response}. */
import { connect } from 'node:net'
import path from 'node:path'
import * as administration from './behaviour-admin.mjs'
import * as data from './behaviour-data.mjs'
import * as moves from './behaviour-reassignment.mjs'
import { createContext } from './context.mjs'
import { writeJson } from './store.mjs'
import { captureZnodes } from './znodes.mjs'

export async function capture({ startKafka, JavaDriver, golden }) {
  const folder = path.join(golden, 'behaviour')
  const kafka = await startKafka({
    brokers: 3,
    config: { 'offsets.topic.num.partitions': '1', 'transaction.state.log.num.partitions': '1' },
  })
  const driver = new JavaDriver()
  try {
    const context = await createContext(kafka, driver)
    for (const [name, run] of Object.entries({ ...administration, ...data, ...moves })) {
      context.cases = []
      await run(context)
      writeJson(
        path.join(folder, `${name.replaceAll(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}.json`),
        context.cases,
      )
      console.log(`behaviour: ${name}: ${context.cases.length} cases`)
    }
    writeJson(path.join(folder, 'frames.json'), await frames(context.controller))
    await captureZnodes(context, folder)
  } finally {
    await driver.close()
    await kafka.stop()
  }
}

/** Bytes on a connection that are no good request: what comes back, and whether the broker closes. */
export async function frames(port) {
  const text = (value) => Buffer.from(value).toString('hex')
  const framed = (hex) => (hex.length / 2).toString(16).padStart(8, '0') + hex
  const header = (apiKey, version, id = '00000007') => `${apiKey + version + id}0001${text('c')}`
  const metadataV1 = `${header('0003', '0001')}00000000`
  const apiVersions = framed(header('0012', '0000'))
  const cases = {
    'size beyond socket.request.max.bytes (100 MB + 1)': '06400001',
    'size of 2 GB': '7fffffff',
    'negative size': 'ffffffff',
    'size zero': '00000000',
    'size 4, only part of a header': framed('00120000'),
    'unknown api key 999': framed(header('03e7', '0000')),
    'negative api key': framed(header('ffff', '0000')),
    'Metadata version 99': framed(header('0003', '0063')),
    'Metadata version -1': framed(header('0003', 'ffff')),
    'Produce version 99': framed(header('0000', '0063')),
    'ApiVersions version 99': framed(header('0012', '0063')),
    'ApiVersions version 99 with the header of version 2': framed(`${header('0012', '0063')}00`),
    'ApiVersions version 99 with 3 bytes of body': framed(`${header('0012', '0063')}010203`),
    'ApiVersions version 0 with trailing bytes': framed(`${header('0012', '0000')}0102`),
    'Metadata version 1 with trailing bytes': framed(`${metadataV1}0102`),
    'Metadata version 1 with a truncated body': framed(`${header('0003', '0001')}0000`),
    'Metadata version 1 with an array length beyond the frame': framed(`${header('0003', '0001')}7fffffff`),
    'Metadata version 1 with a negative array length below -1': framed(`${header('0003', '0001')}fffffffe`),
    'Metadata version 1 with a string length beyond the frame': framed(
      `${header('0003', '0001')}000000017fff61`,
    ),
    'Metadata version 9 with a compact array length beyond the frame': framed(
      `${header('0003', '0009')}00ffffffff07`,
    ),
    'client id length beyond the frame': framed('0012000000000007' + '7fff' + '61'),
    'LeaderAndIsr version 99': framed(header('0004', '0063')),
    'Vote (an API of KRaft only) version 0': framed(header('0034', '0000')),
    'an HTTP request': text('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    'two requests in one segment': framed(metadataV1) + framed(header('0012', '0000', '00000008')),
    'a good request, then a bad one': apiVersions + framed(header('0003', '0063')),
  }
  const results = []
  for (const [name, hex] of Object.entries(cases)) {
    const answer = await exchange(port, hex)
    results.push({
      name,
      sentHex: hex,
      closed: answer.closed,
      reset: answer.reset,
      receivedHex: answer.receivedHex,
    })
  }
  console.log(`behaviour: frames: ${results.length} cases`)
  return results
}

function exchange(port, hex) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(Buffer.from(hex, 'hex')))
    const received = []
    let reset = false
    const done = (closed) => {
      const bytes = Buffer.concat(received)
      // Long answers are known from elsewhere: the head shows that they came.
      const receivedHex =
        bytes.length > 64
          ? `${bytes.subarray(0, 64).toString('hex')}… (${bytes.length} bytes)`
          : bytes.toString('hex')
      resolve({ closed, reset, receivedHex })
      socket.destroy()
    }
    socket.setTimeout(1_500, () => done(false))
    socket.on('data', (chunk) => received.push(chunk))
    socket.on('error', () => {
      reset = true
    })
    socket.on('close', () => done(true))
  })
}

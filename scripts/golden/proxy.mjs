/** A TCP proxy that pairs the request and response frames that pass through it. */
import { connect, createServer } from 'node:net'

/** Splits a byte stream into frames without their size. */
function frames(onFrame) {
  let rest = Buffer.alloc(0)
  return (chunk) => {
    rest = Buffer.concat([rest, chunk])
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE(0)) {
      const size = rest.readInt32BE(0)
      onFrame(rest.subarray(4, 4 + size))
      rest = rest.subarray(4 + size)
    }
  }
}

/** Calls `onExchange({requestHex, responseHex, apiKey, apiVersion})`. Requests without an answer (acks=0) confuse no one: ids match. */
export function startProxy(listenPort, targetPort, onExchange) {
  const sockets = new Set()
  const server = createServer((client) => {
    const upstream = connect(targetPort, '127.0.0.1')
    const open = new Map()
    for (const socket of [client, upstream]) {
      sockets.add(socket)
      socket.on('close', () => sockets.delete(socket))
      socket.on('error', () => undefined)
    }
    const onRequest = frames((frame) => open.set(frame.readInt32BE(4), frame))
    const onResponse = frames((frame) => {
      const request = open.get(frame.readInt32BE(0))
      if (!request) return
      open.delete(frame.readInt32BE(0))
      const apiKey = request.readInt16BE(0)
      onExchange({
        apiKey,
        apiVersion: request.readInt16BE(2),
        requestHex: request.toString('hex'),
        responseHex: frame.toString('hex'),
      })
    })
    client.on('data', onRequest)
    upstream.on('data', onResponse)
    client.pipe(upstream)
    upstream.pipe(client)
    client.on('close', () => upstream.destroy())
    upstream.on('close', () => client.destroy())
  })
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(listenPort, '127.0.0.1', () =>
      resolve({
        close() {
          server.close()
          for (const socket of sockets) socket.destroy()
        },
      }),
    )
  })
}

import { COMMON_PROPERTIES } from './common-properties.ts'

/** The configurations of an admin client (org.apache.kafka.clients.admin.AdminClientConfig). */
export const ADMIN_PROPERTIES = {
  ...COMMON_PROPERTIES,
  'bootstrap.controllers': {
    type: 'LIST',
    default: '',
    refused: 'only clusters in KRaft mode are asked through their controllers',
  },
  'connections.max.idle.ms': { type: 'LONG', default: 300_000, fills: ['client.connectionsMaxIdleMs'] },
  'default.api.timeout.ms': {
    type: 'INT',
    default: 60_000,
    valid: '[0,...]',
    fills: ['client.apiTimeoutMs'],
  },
  'receive.buffer.bytes': {
    type: 'INT',
    default: 65_536,
    valid: '[-1,...]',
    fills: ['client.receiveBufferBytes'],
  },
  'request.timeout.ms': {
    type: 'INT',
    default: 30_000,
    valid: '[0,...]',
    fills: ['client.requestTimeoutMs'],
  },
  retries: { type: 'INT', default: 2_147_483_647, valid: '[0,...,2147483647]', fills: ['client.retries'] },
} as const

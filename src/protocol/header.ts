import { MessageType } from './message.ts'
import { int16, int32, string } from './schema.ts'

/** Every request begins with one; the client id keeps its int16 length even in the flexible header. */
export const requestHeader = new MessageType('RequestHeader', {
  versions: '0-2',
  flexible: '2+',
  fields: {
    requestApiKey: int16('0+'),
    requestApiVersion: int16('0+'),
    correlationId: int32('0+'),
    clientId: string('1+', { nullable: '1+', ignorable: true, flexible: 'none' }),
  },
})

export const responseHeader = new MessageType('ResponseHeader', {
  versions: '0-1',
  flexible: '1+',
  fields: {
    correlationId: int32('0+'),
  },
})

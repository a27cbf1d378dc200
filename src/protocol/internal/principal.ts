import { MessageType } from '../message.ts'
import { bool, string } from '../schema.ts'

// The principal that an Envelope request carries.

export const defaultPrincipalData = new MessageType('DefaultPrincipalData', {
  versions: '0',
  flexible: '0+',
  fields: {
    type: string('0+'),
    name: string('0+'),
    tokenAuthenticated: bool('0+'),
  },
})

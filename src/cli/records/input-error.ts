import { KcliError } from '../../base/errors.ts'

/** The input is not in the form it was said to be. `number` counts lines or records from 1. */
export class InputError extends KcliError {
  constructor(unit: 'line' | 'record', number: number, message: string, hint?: string) {
    super('KCLI_INPUT', `${unit} ${number} of the input: ${message}`, hint === undefined ? {} : { hint })
  }
}

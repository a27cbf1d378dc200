import { KcliError } from '../../base/errors.ts'

/** Another broker has become the controller: what this one wanted to write was not written. */
export class ControllerMovedError extends KcliError {
  constructor(message: string) {
    super('KCLI_CONTROLLER_MOVED', message)
  }
}

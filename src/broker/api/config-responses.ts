import { defaultErrorMessage } from './error-message.ts'

interface Resource {
  readonly resourceType: number
  readonly resourceName: string
}

/** The answer about each resource of the request, in its order. */
export function perResource<R>(resources: readonly Resource[], results: readonly R[]) {
  return resources.map(({ resourceType, resourceName }, index) => ({
    ...results[index],
    resourceType,
    resourceName,
  }))
}

/** The same error for each resource of the request. */
export function errorPerResource(resources: readonly Resource[], errorCode: number) {
  const errorMessage = defaultErrorMessage(errorCode)
  return resources.map(({ resourceType, resourceName }) => ({
    errorCode,
    errorMessage,
    resourceType,
    resourceName,
  }))
}

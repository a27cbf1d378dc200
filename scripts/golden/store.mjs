import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'

/** Frames larger than this are not kept: golden files stay readable. */
export const maxFrameBytes = 4096

/** `01-Fetch-v13.json`, or `01-Fetch-v13.replica.json` for another exchange of the same version. */
export function writeExchange(golden, frame, { source, variant }) {
  const size = Math.max(frame.requestHex.length, frame.responseHex?.length ?? 0) / 2
  if (size > maxFrameBytes) return false
  const name = frame.name.replaceAll(
    /(^|_)([A-Z])([A-Z]*)/g,
    (_, _s, first, rest) => first + rest.toLowerCase(),
  )
  const key = String(frame.apiKey).padStart(2, '0')
  const file = `${key}-${name}-v${frame.apiVersion}${variant ? `.${variant}` : ''}.json`
  const {
    apiKey,
    apiVersion,
    correlationId,
    clientId,
    responseVersion,
    requestHex,
    responseHex,
    request,
    response,
  } = frame
  const content = {
    apiKey,
    name,
    apiVersion,
    correlationId,
    clientId,
    source,
    responseVersion,
    requestHex,
    responseHex,
    request,
    response,
  }
  writeJson(path.join(golden, 'protocol', file), content)
  return true
}

export function writeJson(file, content) {
  mkdirSync(path.dirname(file), { recursive: true })
  writeFileSync(file, `${JSON.stringify(content, null, 1)}\n`)
}

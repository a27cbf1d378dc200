import path from 'node:path'
import type { FileLock } from '../base/file-lock.ts'
import { MemoryFileSystem } from '../base/memory-file-system.ts'
import { DataDirectory } from './data-directory.ts'
import { EmbeddedCluster, type EmbeddedClusterOptions } from './embedded-cluster.ts'
import { type ClusterPorts, systemPorts } from './ports.ts'

export interface MemoryClusterOptions
  extends Omit<EmbeddedClusterOptions, 'ports' | 'directory' | 'zookeeper' | 'isPrivate'> {
  readonly ports?: Partial<Omit<ClusterPorts, 'fs' | 'locks'>>
}

export interface MemoryCluster {
  readonly cluster: EmbeddedCluster
  readonly ports: ClusterPorts
}

/** What messages call it. */
const DIRECTORY = path.resolve('/memory')

/**
 * A cluster that is nowhere but in this process: its files are in memory, and nobody else can reach it but over TCP, if it
 * is to listen. Rejects with a KcliError, and then nothing is left running.
 */
export async function startMemoryCluster(options: MemoryClusterOptions = {}): Promise<MemoryCluster> {
  const usual = systemPorts(options.ports)
  const ports = { ...usual, fs: new MemoryFileSystem(usual.clock), locks: new MemoryLocks() }
  const directory = new DataDirectory(ports.fs, DIRECTORY)
  const cluster = await EmbeddedCluster.start({ ...options, ports, directory, isPrivate: true })
  return { cluster, ports }
}

/** Of files that nobody else sees. */
class MemoryLocks {
  private readonly held = new Set<string>()

  tryLock(file: string): FileLock | null {
    if (this.held.has(file)) return null
    this.held.add(file)
    return { release: () => this.held.delete(file) }
  }

  isHeld(file: string): boolean {
    return this.held.has(file)
  }
}

import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { MeshError } from '@hopmesh/core'
import { TcpChannel } from './tcp-channel.ts'

/** Where to listen. */
export interface TcpListenOptions {
  /** 0 picks a free one. */
  readonly port: number
  /** Default 127.0.0.1: nobody but this machine. */
  readonly host?: string | undefined
  /** Connections beyond this are refused. */
  readonly connectionsMax?: number | undefined
}

/** Where a host listens. */
export interface TcpAddress {
  readonly host: string
  readonly port: number
}

/** Listens for ALN nodes, plain or not. Each connection becomes a channel; give it to a router. */
export class TcpHost {
  #server: Server | undefined
  readonly #channels = new Set<TcpChannel>()

  /** Rejects with PORT_IN_USE or INVALID_OPTION. `onChannel` also gets the address of the caller. */
  listen(options: TcpListenOptions, onChannel: (channel: TcpChannel, remoteAddress: string) => void): Promise<TcpAddress> {
    if (this.#server !== undefined) return Promise.reject(new MeshError('INVALID_OPTION', 'This TcpHost listens already'))
    const host = options.host ?? '127.0.0.1'
    const server = createServer({ noDelay: true }, (socket) => this.#accept(socket, onChannel))
    server.maxConnections = options.connectionsMax ?? 4_096
    this.#server = server
    return new Promise((resolve, reject) => {
      server.once('error', (error: NodeJS.ErrnoException) => {
        this.#server = undefined
        reject(listenError(error, host, options.port))
      })
      server.listen({ port: options.port, host }, () => {
        server.removeAllListeners('error')
        server.on('error', () => {}) // A connection that could not be accepted; the host goes on.
        resolve({ host, port: (server.address() as AddressInfo).port })
      })
    })
  }

  /** Stops listening and closes every channel it opened. */
  close(): Promise<void> {
    const server = this.#server
    if (server === undefined) return Promise.resolve()
    this.#server = undefined
    for (const channel of this.#channels) channel.close('the host closed')
    return new Promise((resolve) => {
      server.close(() => resolve())
    })
  }

  #accept(socket: Socket, onChannel: (channel: TcpChannel, remoteAddress: string) => void): void {
    const channel = new TcpChannel(socket, 'listener')
    this.#channels.add(channel)
    socket.once('close', () => this.#channels.delete(channel))
    onChannel(channel, socket.remoteAddress ?? 'unknown')
  }
}

/** What `listen` of any server failed with, as people need it. */
export function listenError(error: NodeJS.ErrnoException, host: string, port: number): MeshError {
  if (error.code === 'EADDRINUSE') return new MeshError('PORT_IN_USE', `Port ${port} on ${host} is in use`, { cause: error })
  return new MeshError('INVALID_OPTION', `Cannot listen on ${host}:${port}: ${error.message}`, { cause: error })
}

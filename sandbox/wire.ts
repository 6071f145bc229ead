import type { WebSocket } from 'ws'
import type { Peer } from './peer.ts'

/** A real WebSocket as a venue's rules see it. */
export function peerOf(socket: WebSocket): Peer {
  const isOpen = (): boolean => socket.readyState === socket.OPEN
  return {
    get bufferedAmount() {
      return socket.bufferedAmount
    },
    send: (text) => {
      if (isOpen()) socket.send(text)
    },
    ping: (body) => {
      if (isOpen()) socket.ping(body)
    },
    close: (code) => socket.close(code),
    terminate: () => socket.terminate(),
  }
}

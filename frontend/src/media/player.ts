/** Pictures by frame number, exactly: by WebCodecs where the browser can, else as images from the server. */
import { ImagePlayer } from './image-player'
import type { Origin } from './messages'
import { WAYS, type Picture, type Player, type PlayerOptions, type Way } from './types'
import { WebCodecsPlayer } from './webcodecs-player'

/** Whether this page may decode video: WebCodecs exists in secure contexts only (https, localhost). */
export const canDecode = () => typeof VideoDecoder !== 'undefined' && typeof Worker !== 'undefined'

/** What can be shown changes: the proxy of a new video comes while people work already, and decoding may fail. */
export interface SwitchingPlayer extends Player {
  /** The proxy is there now: show frames from it, where this browser can. */
  proxyArrived(): void
}

/** `onFailed` is called when a player can't decode (any more). Images never fail for good. */
export type MakePlayer = (way: Way, onFailed: () => void) => Player

export function createPlayer(options: PlayerOptions): SwitchingPlayer {
  const can: Record<Way, boolean> = { proxy: canDecode(), source: canDecode() && options.source !== null, images: true }
  const ways = WAYS.filter((way) => can[way] && (way === 'images' || options.ways.has(way)))
  return new Switching(ways, options.proxyState === 'ready', (way, onFailed) =>
    way === 'images' ? new ImagePlayer(options) : decoding(way, options, onFailed),
  )
}

function decoding(way: 'proxy' | 'source', options: PlayerOptions, onFailed: () => void): Player {
  const absolute = (url: string) => new URL(url, location.href).href
  const { source, proxyUrl } = options
  const origin: Origin =
    way === 'source'
      ? { url: absolute(source!.url), packetsUrl: absolute(source!.packets_url) }
      : { url: absolute(proxyUrl), packetsUrl: null }
  const player = new WebCodecsPlayer(way, origin, options)
  player.onFailed = onFailed
  return player
}

/**
 * Shows frames from the proxy if it is there, else from the source, else as images; from what is next when one fails.
 * A successor takes over once it has the very frame that is asked for, so that nobody sees the change.
 */
export class Switching implements SwitchingPlayer {
  onFrame: Player['onFrame'] = () => undefined
  onError: Player['onError'] = () => undefined
  onBuffered: Player['onBuffered'] = () => undefined
  private player: Player
  private successor: Player | null = null
  private readonly failed = new Set<Way>()
  private asked: number | null = null
  private speed = 0

  /** `ways`: what can be tried, the best first; the proxy only once it is there. */
  constructor(
    private readonly ways: readonly Way[],
    private proxyReady: boolean,
    private readonly make: MakePlayer,
  ) {
    this.player = this.made(this.best())
  }

  get kind(): Way {
    return this.player.kind
  }

  show(frame: number): void {
    this.asked = frame
    this.successor?.show(frame)
    this.player.show(frame)
  }

  prefetch(frame: number, speed: number): void {
    this.speed = speed
    this.successor?.prefetch(frame, speed)
    this.player.prefetch(frame, speed)
  }

  peek(frame: number): Picture | null {
    return this.player.peek(frame) ?? this.successor?.peek(frame) ?? null
  }

  proxyArrived(): void {
    this.proxyReady = true
    this.change()
  }

  dispose(): void {
    this.successor?.dispose()
    this.player.dispose()
  }

  private best(): Way {
    return this.ways.find((way) => !this.failed.has(way) && (way !== 'proxy' || this.proxyReady)) ?? 'images'
  }

  private made(way: Way): Player {
    const player = this.make(way, () => {
      this.failed.add(way)
      this.change()
    })
    player.onFrame = (frame, picture) => this.arrived(player, frame, picture)
    player.onError = (message) => this.onError(message)
    player.onBuffered = (ranges) => {
      if (player === this.player) this.onBuffered(ranges)
    }
    return player
  }

  /** Have the best way that is left, if it isn't at work or on its way already. */
  private change(): void {
    const way = this.best()
    if (way === (this.successor ?? this.player).kind) return
    this.successor?.dispose()
    this.successor = null
    if (way === this.player.kind) return
    this.successor = this.made(way)
    if (this.asked === null) return
    this.successor.show(this.asked)
    this.successor.prefetch(this.asked, this.speed)
  }

  private arrived(player: Player, frame: number, picture: Picture): void {
    if (player === this.player) {
      this.onFrame(frame, picture)
      return
    }
    // One that failed shows nothing more: any picture on the way is welcome.
    if (player !== this.successor || (frame !== this.asked && !this.failed.has(this.player.kind))) return
    const former = this.player
    this.player = player
    this.successor = null
    this.onFrame(frame, picture)
    former.dispose()
  }
}

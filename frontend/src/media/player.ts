/** Pictures by frame number, exactly: by WebCodecs where the browser can, else as images from the server. */
import { ImagePlayer } from './image-player'
import type { Picture, Player, PlayerOptions } from './types'
import { WebCodecsPlayer } from './webcodecs-player'

/** Whether this page may decode video: WebCodecs exists in secure contexts only (https, localhost). */
export const canDecode = () => typeof VideoDecoder !== 'undefined' && typeof Worker !== 'undefined'

/** What can be shown changes: the proxy of a new video comes while people work already, and decoding may fail. */
export interface SwitchingPlayer extends Player {
  /** The proxy is there now: show frames from it, where this browser can. */
  proxyArrived(): void
}

export function createPlayer(options: PlayerOptions): SwitchingPlayer {
  return new Switching(options)
}

class Switching implements SwitchingPlayer {
  onFrame: Player['onFrame'] = () => undefined
  onError: Player['onError'] = () => undefined
  onBuffered: Player['onBuffered'] = () => undefined
  private player: Player
  /** It is shown until the first picture of its successor comes. */
  private former: Player | null = null
  private asked: number | null = null

  constructor(private readonly options: PlayerOptions) {
    this.player = this.wired(this.options.proxyState === 'ready' ? this.best() : new ImagePlayer(options))
  }

  get kind(): Player['kind'] {
    return this.player.kind
  }

  show(frame: number): void {
    this.asked = frame
    this.player.show(frame)
  }

  prefetch(frame: number, speed: number): void {
    this.player.prefetch(frame, speed)
  }

  peek(frame: number): Picture | null {
    return this.player.peek(frame)
  }

  proxyArrived(): void {
    if (this.player.kind === 'images' && !this.former) this.replaceBy(this.best())
  }

  dispose(): void {
    this.former?.dispose()
    this.player.dispose()
  }

  private best(): Player {
    if (this.options.forceImages || !canDecode()) return new ImagePlayer(this.options)
    const decoding = new WebCodecsPlayer(this.options)
    decoding.onFailed = () => this.replaceBy(new ImagePlayer(this.options))
    return decoding
  }

  private replaceBy(player: Player): void {
    this.former?.dispose()
    this.former = this.player
    this.player = this.wired(player)
    if (this.asked !== null) player.show(this.asked)
  }

  private wired(player: Player): Player {
    player.onFrame = (frame, picture) => {
      this.onFrame(frame, picture)
      if (player !== this.player) return
      this.former?.dispose()
      this.former = null
    }
    player.onError = (message) => this.onError(message)
    player.onBuffered = (ranges) => {
      if (player === this.player) this.onBuffered(ranges)
    }
    return player
  }
}

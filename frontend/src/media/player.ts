/** Pictures by frame number, exactly: by WebCodecs where the browser can, else as images from the server. */
import { ImagePlayer } from './image-player'
import type { Picture, Player, PlayerOptions } from './types'
import { WebCodecsPlayer } from './webcodecs-player'

/** Whether this page may decode video: WebCodecs exists in secure contexts only (https, localhost). */
export const canDecode = () => typeof VideoDecoder !== 'undefined' && typeof Worker !== 'undefined'

/** A player that is replaced by the image player, picture for picture, should decoding fail. */
export function createPlayer(options: PlayerOptions): Player {
  if (options.forceImages || !canDecode()) return new ImagePlayer(options)
  return new FallingBack(options)
}

class FallingBack implements Player {
  onFrame: Player['onFrame'] = () => undefined
  onError: Player['onError'] = () => undefined
  onBuffered: Player['onBuffered'] = () => undefined
  private player: Player
  private asked: number | null = null

  constructor(private readonly options: PlayerOptions) {
    const decoding = new WebCodecsPlayer(options)
    decoding.onFailed = () => this.fallBack()
    this.player = this.wired(decoding)
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

  dispose(): void {
    this.player.dispose()
  }

  private fallBack(): void {
    this.player.dispose()
    this.player = this.wired(new ImagePlayer(this.options))
    if (this.asked !== null) this.player.show(this.asked)
  }

  private wired(player: Player): Player {
    player.onFrame = (frame, picture) => this.onFrame(frame, picture)
    player.onError = (message) => this.onError(message)
    player.onBuffered = (ranges) => this.onBuffered(ranges)
    return player
  }
}

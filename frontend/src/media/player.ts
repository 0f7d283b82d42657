/** Pictures by frame number, exactly: by WebCodecs where the browser can, else as images from the server. */
import { ImagePlayer } from './image-player'
import { WebCodecsPlayer } from './webcodecs-player'

export type Picture = ImageBitmap

export interface PlayerOptions {
  readonly proxyUrl: string
  /** With `{frame}` in place of the number. */
  readonly frameUrl: string
  readonly frameCount: number
  readonly fps: number
  /** px of the display-oriented frame; the proxy may have one more column or row, which is not shown. */
  readonly width: number
  readonly height: number
  /** Use images even where WebCodecs would do. */
  readonly forceImages?: boolean
}

export interface Player {
  /** The frame to show next; its picture arrives by `onFrame`, at once when it is in the cache. */
  show(frame: number): void
  /** The picture to draw; it stays valid until the next call. While scrubbing it may be of a frame asked for earlier. */
  onFrame: (frame: number, picture: Picture) => void
  onError: (message: string) => void
  /** Frame ranges whose pictures are here, both ends included. */
  onBuffered: (ranges: readonly (readonly [number, number])[]) => void
  /** Decode ahead in the direction of travel: `speed` in multiples of fps, negative backward, 0 both sides. */
  prefetch(frame: number, speed: number): void
  /** The picture of a frame if it is in the cache. */
  peek(frame: number): Picture | null
  readonly kind: 'webcodecs' | 'images'
  dispose(): void
}

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

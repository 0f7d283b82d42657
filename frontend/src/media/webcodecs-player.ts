import { Asked } from './asked'
import { Blocks } from './blocks'
import { FrameCache, capacityFor, roomFor } from './frame-cache'
import type { FromDecoder, Origin, ToDecoder } from './messages'
import type { Picture, Player, PlayerOptions } from './types'

/** Shows pictures that a worker decodes block by block; the cache lives here, so that what is cached shows at once. */
export class WebCodecsPlayer implements Player {
  onFrame: Player['onFrame'] = () => undefined
  onError: Player['onError'] = () => undefined
  onBuffered: Player['onBuffered'] = () => undefined
  /** Decoding isn't possible; nothing will come any more. */
  onFailed: (message: string) => void = () => undefined
  private readonly cache: FrameCache<ImageBitmap>
  private readonly blocks: Blocks
  private readonly worker: Worker
  private readonly asked = new Asked()
  private target = 0
  private speed = 0
  private shown: number | null = null
  private received = 0
  private wantedKey = ''

  constructor(
    readonly kind: 'proxy' | 'source',
    origin: Origin,
    { width, height, frameCount, fps }: PlayerOptions,
  ) {
    this.cache = new FrameCache(roomFor(width, height))
    this.blocks = new Blocks(frameCount, capacityFor(width, height))
    this.worker = new Worker(new URL('./worker.ts', import.meta.url), { type: 'module', name: 'decoder' })
    this.worker.onmessage = ({ data }: MessageEvent<FromDecoder>) => this.receive(data)
    this.worker.onerror = () => this.onFailed('The decoding worker could not be started.')
    this.post({ type: 'open', origin, fps, frameCount, width, height })
  }

  show(frame: number): void {
    this.target = frame
    const picture = this.cache.get(frame)
    if (picture) {
      this.asked.clear()
      this.draw(frame, picture)
    } else this.asked.add(frame)
    this.want()
  }

  prefetch(frame: number, speed: number): void {
    this.target = frame
    this.speed = speed
    this.want()
  }

  peek(frame: number): Picture | null {
    return this.cache.get(frame)
  }

  dispose(): void {
    this.worker.terminate()
    this.cache.clear()
  }

  private receive(message: FromDecoder): void {
    switch (message.type) {
      case 'opened':
        this.wantedKey = ''
        this.want()
        return
      case 'picture':
        this.arrived(message.frame, message.picture)
        return
      case 'ran':
        this.onBuffered(this.cache.ranges())
        this.want()
        return
      case 'failed':
        this.onFailed(message.message)
    }
  }

  private arrived(frame: number, picture: ImageBitmap): void {
    this.received++
    this.cache.put(frame, picture)
    // What is shown was replaced in the cache, and closed.
    if (this.asked.settle(frame) || frame === this.shown) this.draw(frame, picture)
    this.cache.trim(this.target, this.blocks.around(this.target, this.speed), this.shown)
  }

  private draw(frame: number, picture: ImageBitmap): void {
    this.shown = frame
    this.onFrame(frame, picture)
  }

  /** Tell the worker which frames are missing, those around the target first, then those the playhead comes to. */
  private want(): void {
    const runs = this.blocks.missing(this.target, this.speed, (frame) => this.cache.has(frame))
    // What is decoded first within a block depends on the frame that is waited for.
    const waited = this.cache.has(this.target) ? '' : this.target
    const key = `${runs.map(({ first, last }) => `${first}-${last}`).join()} ${waited}`
    if (key === this.wantedKey) return
    this.wantedKey = key
    this.post({ type: 'want', runs, frame: this.target, received: this.received })
  }

  private post(message: ToDecoder): void {
    this.worker.postMessage(message)
  }
}

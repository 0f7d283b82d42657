/**
 * Decodes the proxy, one group of pictures at a time. The page says which groups it wants. One under way that is wanted no
 * more ends as soon as the frame it was begun for has come: fast scrubbing neither starves nor piles up.
 */
import { EncodedPacketSink, Input, MP4, UrlSource, type InputVideoTrack } from 'mediabunny'
import { GROUP, groupOf, type FromDecoder, type ToDecoder } from './messages'

/** Packets that the decoder holds at once: enough to keep it busy, few enough to turn away quickly. */
const QUEUED = 3

let groups: GroupDecoder | null = null
let wanted: number[] = []
let target = 0
let busy = false
let current: UnderWay | null = null

interface UnderWay {
  readonly group: number
  /** Whether the page still wants it. */
  wanted: boolean
}

function post(message: FromDecoder, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer })
}

const fail = (error: unknown) => post({ type: 'failed', message: error instanceof Error ? error.message : String(error) })

self.onmessage = ({ data }: MessageEvent<ToDecoder>) => {
  if (data.type === 'open') {
    open(data.url, data.fps, data.frameCount).catch(fail)
  } else {
    target = data.frame
    if (current) current.wanted = data.groups.includes(current.group)
    wanted = data.groups.filter((group) => group !== current?.group)
    if (!busy) work().catch(fail)
  }
}

async function open(url: string, fps: number, frameCount: number): Promise<void> {
  const input = new Input({ source: new UrlSource(url), formats: [MP4] })
  const track: InputVideoTrack | null = await input.getPrimaryVideoTrack()
  const config = await track?.getDecoderConfig()
  if (!track || !config) throw new Error('The video has no track that can be decoded.')
  const lowLatency: VideoDecoderConfig = { ...config, optimizeForLatency: true }
  if (!(await VideoDecoder.isConfigSupported(lowLatency)).supported) throw new Error(`This browser can't decode ${config.codec}.`)
  groups = new GroupDecoder(new EncodedPacketSink(track), lowLatency, fps, frameCount)
  post({ type: 'opened' })
  if (!busy) await work()
}

async function work(): Promise<void> {
  if (!groups) return
  busy = true
  try {
    for (let group = wanted.shift(); group !== undefined; group = wanted.shift()) {
      const under: UnderWay = { group, wanted: true }
      current = under
      // The frame it is decoded for; none when it is decoded ahead.
      const sought = groupOf(target) === group ? target : null
      const whole = await groups.decode(group, (next) => under.wanted || (sought !== null && next <= sought))
      current = null
      // The page turned back while the group was being given up.
      if (!whole && under.wanted) wanted.unshift(group)
      post({ type: 'group', group })
    }
  } finally {
    current = null
    busy = false
  }
}

/** Decodes one group after the other with one decoder: after a flush it takes the next keyframe. */
class GroupDecoder {
  private readonly decoder: VideoDecoder
  private failure: DOMException | null = null
  private first = 0
  private last = 0
  private converting: Promise<void>[] = []

  constructor(
    private readonly sink: EncodedPacketSink,
    config: VideoDecoderConfig,
    private readonly fps: number,
    private readonly frameCount: number,
  ) {
    this.decoder = new VideoDecoder({ output: (picture) => this.output(picture), error: (error) => this.fail(error) })
    this.decoder.configure(config)
  }

  /** Send the group's pictures as they come out, as long as `goOn` says so of the next frame. Tells whether all were sent. */
  async decode(group: number, goOn: (frame: number) => boolean): Promise<boolean> {
    this.first = group * GROUP
    this.last = Math.min(this.first + GROUP, this.frameCount) - 1
    // Half a frame in: rounding of timestamps can't land on the group before.
    let packet = await this.sink.getKeyPacket((this.first + 0.5) / this.fps)
    let frame = this.first
    for (; packet && frame <= this.last && goOn(frame); frame++) {
      await this.room()
      this.check()
      this.decoder.decode(packet.toEncodedVideoChunk())
      packet = frame < this.last ? await this.sink.getNextPacket(packet) : null
    }
    await this.decoder.flush()
    await Promise.all(this.converting.splice(0))
    this.check()
    return !packet || frame > this.last
  }

  /** Wait until the decoder takes another packet. */
  private async room(): Promise<void> {
    while (this.decoder.decodeQueueSize >= QUEUED && !this.failure) {
      await new Promise((resolve) => this.decoder.addEventListener('dequeue', resolve, { once: true }))
    }
  }

  private output(picture: VideoFrame): void {
    const frame = Math.round((picture.timestamp / 1e6) * this.fps)
    if (frame >= this.first && frame <= this.last) this.converting.push(this.send(frame, picture))
    else picture.close()
  }

  /** Make a bitmap here: drawing a VideoFrame converts its colours, which took a third of the page's time. */
  private async send(frame: number, decoded: VideoFrame): Promise<void> {
    try {
      const picture = await createImageBitmap(decoded)
      post({ type: 'picture', frame, picture }, [picture])
    } finally {
      decoded.close()
    }
  }

  private fail(error: DOMException): void {
    this.failure = error
    // Whoever waits for room in a decoder that is closed now.
    this.decoder.dispatchEvent(new Event('dequeue'))
  }

  private check(): void {
    if (this.failure) throw this.failure
  }
}

/**
 * Decodes the proxy, one group of pictures at a time. The page says which groups it wants. One under way that is wanted no
 * more ends as soon as the frame it was begun for has come: fast scrubbing neither starves nor piles up.
 */
import { CustomSource, EncodedPacketSink, Input, MP4, type InputVideoTrack } from 'mediabunny'
import { GROUP, groupOf, type FromDecoder, type ToDecoder } from './messages'
import { FileRanges } from './ranges'

/** Packets that the decoder holds at once: enough to keep it busy, few enough to turn away quickly. */
const QUEUED = 3

/**
 * Frames of a group that are to be sent, both ends included. A group is begun for one frame: that one is sent first, then
 * those after it. Those before it follow in a second pass, as making bitmaps takes longer than decoding.
 */
interface Part {
  readonly group: number
  readonly first: number
  readonly last: number
  /** The frame that somebody waits for; null when it is decoded ahead. */
  readonly sought: number | null
}

interface UnderWay {
  readonly group: number
  /** Whether the page still wants it. */
  wanted: boolean
}

let decoder: PartDecoder | null = null
let frames = 0
let wanted: number[] = []
let target = 0
/** What a group lacks whose first pass is over. */
let rest: Part | null = null
let current: UnderWay | null = null
let busy = false

function post(message: FromDecoder, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer })
}

const fail = (error: unknown) =>
  post({ type: 'failed', message: error instanceof Error ? error.message : String(error) })

self.onmessage = ({ data }: MessageEvent<ToDecoder>) => {
  if (data.type === 'open') {
    frames = data.frameCount
    open(data.url, data.fps).catch(fail)
    return
  }
  target = data.frame
  if (current) current.wanted = data.groups.includes(current.group)
  if (rest && !data.groups.includes(rest.group)) rest = null
  wanted = data.groups.filter((group) => group !== current?.group && group !== rest?.group)
  if (!busy) work().catch(fail)
}

async function open(url: string, fps: number): Promise<void> {
  const file = new FileRanges(url)
  const source = new CustomSource({ getSize: () => file.size(), read: (start, end) => file.read(start, end) })
  const input = new Input({ source, formats: [MP4] })
  const track: InputVideoTrack | null = await input.getPrimaryVideoTrack()
  const config = await track?.getDecoderConfig()
  if (!track || !config) throw new Error('The video has no track that can be decoded.')
  const lowLatency: VideoDecoderConfig = { ...config, optimizeForLatency: true }
  if (!(await VideoDecoder.isConfigSupported(lowLatency)).supported)
    throw new Error(`This browser can't decode ${config.codec}.`)
  decoder = new PartDecoder(new EncodedPacketSink(track), lowLatency, fps)
  post({ type: 'opened' })
  if (!busy) await work()
}

async function work(): Promise<void> {
  if (!decoder) return
  busy = true
  try {
    for (let part = next(); part; part = next()) {
      const under: UnderWay = { group: part.group, wanted: true }
      const { group, first, sought } = part
      current = under
      const whole = await decoder.decode(part, (frame) => under.wanted || (sought !== null && frame <= sought))
      current = null
      // The page may have turned back while the group was being given up.
      if (!whole && under.wanted) wanted.unshift(group)
      else if (under.wanted && first > group * GROUP)
        rest = { group, first: group * GROUP, last: first - 1, sought: null }
      post({ type: 'group', group })
    }
  } finally {
    current = null
    busy = false
  }
}

function next(): Part | null {
  const urgent = wanted[0] === groupOf(target)
  if (rest && !urgent) {
    const part = rest
    rest = null
    return part
  }
  const group = wanted.shift()
  if (group === undefined) return null
  const sought = urgent ? target : null
  return { group, first: sought ?? group * GROUP, last: Math.min((group + 1) * GROUP, frames) - 1, sought }
}

/** Decodes one part after the other with one decoder: after a flush it takes the next keyframe. */
class PartDecoder {
  private readonly decoder: VideoDecoder
  private failure: DOMException | null = null
  private part: Part | null = null
  private converting: Promise<void>[] = []

  constructor(
    private readonly sink: EncodedPacketSink,
    config: VideoDecoderConfig,
    private readonly fps: number,
  ) {
    this.decoder = new VideoDecoder({ output: (picture) => this.output(picture), error: (error) => this.fail(error) })
    this.decoder.configure(config)
  }

  /** Send the part's pictures as they come out, as long as `goOn` says so of the next frame. Tells whether all were sent. */
  async decode(part: Part, goOn: (frame: number) => boolean): Promise<boolean> {
    this.part = part
    let frame = part.group * GROUP
    // Half a frame in: rounding of timestamps can't land on the group before.
    let packet = await this.sink.getKeyPacket((frame + 0.5) / this.fps)
    for (; packet && frame <= part.last && goOn(frame); frame++) {
      await this.room()
      this.check()
      this.decoder.decode(packet.toEncodedVideoChunk())
      packet = frame < part.last ? await this.sink.getNextPacket(packet) : null
    }
    await this.decoder.flush()
    await Promise.all(this.converting.splice(0))
    this.check()
    return !packet || frame > part.last
  }

  /** Wait until the decoder takes another packet. */
  private async room(): Promise<void> {
    while (this.decoder.decodeQueueSize >= QUEUED && !this.failure) {
      await new Promise((resolve) => this.decoder.addEventListener('dequeue', resolve, { once: true }))
    }
  }

  private output(picture: VideoFrame): void {
    const frame = Math.round((picture.timestamp / 1e6) * this.fps)
    if (this.part && frame >= this.part.first && frame <= this.part.last)
      this.converting.push(this.send(frame, picture))
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

/**
 * Decodes the proxy, one group of pictures at a time. The page says which groups it wants; a group under way is finished
 * unless it is wanted no more, so that fast scrubbing neither starves nor piles up.
 */
import { EncodedPacketSink, Input, MP4, UrlSource, type InputVideoTrack } from 'mediabunny'
import { GROUP, type FromDecoder, type ToDecoder } from './messages'

interface Opened {
  readonly sink: EncodedPacketSink
  readonly config: VideoDecoderConfig
  readonly fps: number
  readonly frameCount: number
}

let opened: Opened | null = null
let wanted: number[] = []
let busy = false

function post(message: FromDecoder, transfer: Transferable[] = []): void {
  self.postMessage(message, { transfer })
}

const fail = (error: unknown) => post({ type: 'failed', message: error instanceof Error ? error.message : String(error) })

self.onmessage = ({ data }: MessageEvent<ToDecoder>) => {
  if (data.type === 'open') {
    open(data.url, data.fps, data.frameCount).catch(fail)
  } else {
    wanted = [...data.groups]
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
  opened = { sink: new EncodedPacketSink(track), config: lowLatency, fps, frameCount }
  post({ type: 'opened' })
  if (!busy) await work()
}

async function work(): Promise<void> {
  if (!opened) return
  busy = true
  try {
    for (let group = wanted.shift(); group !== undefined; group = wanted.shift()) {
      await decode(opened, group)
      post({ type: 'group', group })
    }
  } finally {
    busy = false
  }
}

/** Decode a group and send its pictures as they come out. */
async function decode({ sink, config, fps, frameCount }: Opened, group: number): Promise<void> {
  const first = group * GROUP
  const last = Math.min(first + GROUP, frameCount) - 1
  let failure: DOMException | null = null
  const decoder = new VideoDecoder({
    output: (picture) => {
      const frame = Math.round((picture.timestamp / 1e6) * fps)
      if (frame >= first && frame <= last) post({ type: 'picture', frame, picture }, [picture])
      else picture.close()
    },
    error: (error) => (failure = error),
  })
  decoder.configure(config)
  // Half a frame in: rounding of timestamps can't land on the group before.
  let packet = await sink.getKeyPacket((first + 0.5) / fps)
  for (let count = 0; packet && count <= last - first && !failure; count++) {
    decoder.decode(packet.toEncodedVideoChunk())
    packet = await sink.getNextPacket(packet)
  }
  if (!failure) await decoder.flush().catch((error: unknown) => (failure = error as DOMException))
  if (decoder.state !== 'closed') decoder.close()
  if (failure) throw failure as DOMException
}

/** The copy for quick seeking: an MP4 whose groups are all of one length, and whose packets are in order. */
import { CustomSource, EncodedPacketSink, Input, MP4 } from 'mediabunny'
import { stampOf, type Footage, type Group } from './packets'
import type { FileRanges } from './ranges'

/** Frames per group of the proxy: each begins with a keyframe (annotator/media/proxy.py, GROUP). */
export const GROUP = 12

export class ProxyFootage implements Footage {
  private constructor(
    private readonly sink: EncodedPacketSink,
    readonly config: VideoDecoderConfig,
    private readonly fps: number,
    private readonly frameCount: number,
  ) {}

  static async open(file: FileRanges, fps: number, frameCount: number): Promise<ProxyFootage> {
    const source = new CustomSource({ getSize: () => file.size(), read: (start, end) => file.read(start, end) })
    const track = await new Input({ source, formats: [MP4] }).getPrimaryVideoTrack()
    const config = await track?.getDecoderConfig()
    if (!track || !config) throw new Error('The video has no track that can be decoded.')
    return new ProxyFootage(new EncodedPacketSink(track), config, fps, frameCount)
  }

  groupOf(frame: number): Group {
    const first = frame - (frame % GROUP)
    return { first, last: Math.min(first + GROUP, this.frameCount) - 1 }
  }

  packetsBefore(frame: number): number {
    return frame % GROUP
  }

  async *packets({ first, last }: Group): AsyncGenerator<EncodedVideoChunk, void> {
    // Half a frame in: rounding of timestamps can't land on the group before.
    let packet = await this.sink.getKeyPacket((first + 0.5) / this.fps)
    for (let frame = first; packet && frame <= last; frame++) {
      yield new EncodedVideoChunk({ type: packet.type, timestamp: stampOf(frame), data: packet.data })
      packet = frame < last ? await this.sink.getNextPacket(packet) : null
    }
  }
}

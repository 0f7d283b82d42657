/** Where a video's frames lie in a file, as a decoder needs to know it: by groups of packets. */

/** Packets from one that a decoder may begin with to before the next such one. `first..last`: the frames that they show. */
export interface Group {
  readonly first: number
  readonly last: number
}

export interface Footage {
  readonly config: VideoDecoderConfig
  groupOf(frame: number): Group
  /** How many packets a decoder must go through, from the group's beginning, before it shows this frame. */
  packetsBefore(frame: number): number
  /** A group's packets in the order of decoding. All up to the one that shows `until` are needed for sure. */
  packets(group: Group, until: number): AsyncGenerator<EncodedVideoChunk, void>
}

/** Decoders hand a packet's time on to its picture, whatever it is: it carries the number of the frame. */
const STEP_US = 1000
export const stampOf = (frame: number) => frame * STEP_US
/** The frame of a picture; -1 of one that isn't shown. */
export const frameOf = (stamp: number) => (stamp < 0 ? -1 : Math.round(stamp / STEP_US))

/** Fingers and pens: one finger points, two move and zoom the picture, a hand that rests beside a pen does nothing. */
import type { Point } from '@/geometry/box'

export interface Contact {
  readonly id: number
  /** As in PointerEvent.pointerType. */
  readonly type: string
  /** CSS px of the canvas. */
  readonly at: Point
  /** CSS px: how much of the screen it covers. */
  readonly size: number
  /** ms */
  readonly time: number
}

export interface Pinch {
  readonly before: readonly [Point, Point]
  readonly after: readonly [Point, Point]
}

/** A contact as wide as this is no fingertip. */
const PALM_PX = 60
/** A hand comes down up to so long after its pen was last seen. */
const PEN_NEAR_MS = 1000
/** A finger presses only once it has moved so far or is lifted: a second one may come, and then neither draws. CSS px. */
const SETTLED_PX = 6

export class Touches {
  private readonly fingers = new Map<number, Point>()
  private mode: 'none' | 'wait' | 'point' | 'pinch' = 'none'
  private from: Point = { x: 0, y: 0 }
  private penSeen = -Infinity

  /** `instead`: a pen came while a finger pointed, so what that began is to be left. */
  down(contact: Contact): 'press' | 'wait' | 'pinch' | 'instead' | 'ignored' {
    if (contact.type !== 'touch') return this.sawOther(contact)
    const besidePen = contact.time - this.penSeen < PEN_NEAR_MS
    const busy = this.mode === 'point' || this.fingers.size > 1
    if (besidePen || busy || contact.size > PALM_PX) return 'ignored'
    this.fingers.set(contact.id, contact.at)
    this.mode = this.fingers.size === 2 ? 'pinch' : 'wait'
    this.from = contact.at
    return this.mode
  }

  /** `press`: the finger that waited presses where it came down, and then moves here. */
  move(contact: Contact): 'move' | 'press' | Pinch | null {
    if (contact.type !== 'touch') {
      this.seePen(contact)
      return 'move'
    }
    if (!this.fingers.has(contact.id)) return null
    if (this.mode === 'pinch') return this.pinch(contact)
    if (this.mode !== 'wait') return this.mode === 'point' ? 'move' : null
    if (Math.hypot(contact.at.x - this.from.x, contact.at.y - this.from.y) < SETTLED_PX) return null
    this.mode = 'point'
    return 'press'
  }

  /** `tap`: the finger that waited presses and is lifted. */
  up({ id, type }: Pick<Contact, 'id' | 'type'>): 'release' | 'tap' | null {
    if (type !== 'touch') return 'release'
    if (!this.fingers.delete(id)) return null
    const was = this.mode
    // The finger that is left after a pinch doesn't begin to draw.
    this.mode = 'none'
    if (was === 'wait') return 'tap'
    return was === 'point' ? 'release' : null
  }

  private pinch({ id, at }: Contact): Pinch {
    const before = this.two()
    this.fingers.set(id, at)
    return { before, after: this.two() }
  }

  private two(): readonly [Point, Point] {
    const [first, second] = [...this.fingers.values()]
    // Of a pinch whose one finger was lifted already, both are the other one.
    return [first!, second ?? first!]
  }

  private sawOther(contact: Contact): 'press' | 'instead' {
    this.seePen(contact)
    const pointed = this.mode === 'point'
    this.fingers.clear()
    this.mode = 'none'
    return pointed ? 'instead' : 'press'
  }

  private seePen({ type, time }: Contact): void {
    if (type === 'pen') this.penSeen = time
  }
}

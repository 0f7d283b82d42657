import { signal, type Signal } from '@preact/signals-core'

/** How enlarged pixels look: smooth while there are few px of the screen to each, or always, or never. */
export const SMOOTHING = ['automatic', 'smooth', 'sharp'] as const
export type Smoothing = (typeof SMOOTHING)[number]

/** 1: as the video is. */
export interface Picture {
  readonly brightness: number
  readonly contrast: number
  readonly saturation: number
}

export const PLAIN: Picture = { brightness: 1, contrast: 1, saturation: 1 }
/** Least and most of brightness, contrast and saturation. */
export const PICTURE_RANGE = [0.2, 3] as const
const GRID_STEP_PX = 64

/** How the picture is shown, and what helps to point at it; kept per person, and nobody else's business. */
export class ViewOptions {
  readonly picture: Signal<Picture>
  readonly smoothing: Signal<Smoothing>
  /** Lines through the pointer while drawing. */
  readonly crosshair: Signal<boolean>
  /** The pixels around the pointer, enlarged, while its exact place matters. */
  readonly magnifier: Signal<boolean>
  readonly grid: Signal<boolean>
  /** px of the video between two lines of the grid. */
  readonly gridStep: Signal<number>

  constructor(stored: Partial<StoredViewOptions> = {}) {
    this.picture = signal({ ...PLAIN, ...stored.picture })
    this.smoothing = signal(stored.smoothing ?? 'automatic')
    this.crosshair = signal(stored.crosshair ?? true)
    this.magnifier = signal(stored.magnifier ?? false)
    this.grid = signal(stored.grid ?? false)
    this.gridStep = signal(stored.gridStep ?? GRID_STEP_PX)
  }

  adjust(what: keyof Picture, to: number): void {
    const [least, most] = PICTURE_RANGE
    this.picture.value = { ...this.picture.value, [what]: Math.min(Math.max(Math.round(to * 100) / 100, least), most) }
  }

  /** As a CSS filter; empty: none. */
  get filter(): string {
    const { brightness, contrast, saturation } = this.picture.value
    const parts = [
      ['brightness', brightness],
      ['contrast', contrast],
      ['saturate', saturation],
    ] as const
    return parts
      .filter(([, value]) => value !== 1)
      .map(([name, value]) => `${name}(${value})`)
      .join(' ')
  }

  toJSON(): StoredViewOptions {
    return {
      picture: this.picture.value,
      smoothing: this.smoothing.value,
      crosshair: this.crosshair.value,
      magnifier: this.magnifier.value,
      grid: this.grid.value,
      gridStep: this.gridStep.value,
    }
  }
}

export interface StoredViewOptions {
  readonly picture: Picture
  readonly smoothing: Smoothing
  readonly crosshair: boolean
  readonly magnifier: boolean
  readonly grid: boolean
  readonly gridStep: number
}

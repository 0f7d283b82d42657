/** A picture with what a model makes of it, and with what somebody means on it, by mouse or keys. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { paint } from '@/canvas/kinds'
import { paintSeen } from '@/canvas/preview'
import { t } from '@/core/text'
import { spanning, type Point } from '@/geometry/box'
import { boxInView, videoToView, type View } from '@/geometry/view-transform'
import type { SeenOut } from '@/protocol/generated'
import { distinctColour } from '@/store/colours'
import type { Row } from '@/store/types'
import type { TriedBox, TriedClick, Trying } from './trying'

export interface Pictured {
  readonly url: string
  readonly alt: string
  /** px */
  readonly width: number
  readonly height: number
}

const COLOUR = '#4dabf7'
const MEANT = '#ffc857'
const NOT_MEANT = '#ff6b6b'
/** CSS px: a pointer that moves less has clicked. */
const DRAG_PX = 4
/** Of the longer side: a step of an arrow key, and with Shift. */
const STEP = 0.02
const FINE = 0.002

/** `trying`: clicks and boxes on it are this one's; without, it is only looked at. */
export function Picture({
  picture,
  rows,
  seen = [],
  trying,
}: {
  picture: Pictured
  rows: readonly Row[]
  seen?: readonly SeenOut[]
  trying?: Trying
}) {
  const canvas = useRef<HTMLCanvasElement>(null)
  const failed = useSignal(false)
  const aim = useSignal<Point | null>(null)
  const corner = useSignal<Point | null>(null)
  const newest = useRef(() => {})
  const clicks = trying?.clicks.value ?? []
  const box = corner.value && aim.value ? spanning(corner.value, aim.value) : (trying?.box.value ?? null)
  const aimed = aim.value
  newest.current = () => {
    if (canvas.current) draw(canvas.current, picture, { rows, seen, clicks, box, aim: aimed })
  }
  useEffect(() => newest.current())
  useEffect(() => {
    if (!canvas.current) return undefined
    const resized = new ResizeObserver(() => newest.current())
    resized.observe(canvas.current)
    return () => resized.disconnect()
  }, [])
  const acts = trying && pointing(trying, picture, aim, corner)
  return (
    <figure
      class="try-picture"
      style={{ '--ratio': picture.width / picture.height, aspectRatio: `${picture.width} / ${picture.height}` }}
    >
      <img
        key={picture.url}
        src={picture.url}
        alt={picture.alt}
        draggable={false}
        onLoad={() => (failed.value = false)}
        onError={() => (failed.value = true)}
      />
      {acts ? (
        <canvas
          ref={canvas}
          tabIndex={0}
          role="application"
          aria-label={t(
            'The picture: arrow keys aim (finer with Shift), Enter clicks, with Alt on what isn’t meant, B begins and ends a box, Backspace takes back',
          )}
          {...acts}
        />
      ) : (
        <canvas ref={canvas} aria-hidden="true" />
      )}
      {failed.value && <figcaption class="hint">{t('The picture of this frame can’t be loaded.')}</figcaption>}
    </figure>
  )
}

interface Held<T> {
  value: T
}

/** What mouse and keys do on a picture. `aim`: where the keys are, or a box ends; `corner`: where it began. */
function pointing(trying: Trying, { width, height }: Pictured, aim: Held<Point | null>, corner: Held<Point | null>) {
  const within = ({ x, y }: Point): Point => ({
    x: Math.min(Math.max(x, 0), width),
    y: Math.min(Math.max(y, 0), height),
  })
  const at = (event: PointerEvent): Point => {
    const { left, top, width: across, height: down } = (event.currentTarget as Element).getBoundingClientRect()
    return within({ x: ((event.clientX - left) / across) * width, y: ((event.clientY - top) / down) * height })
  }
  const isClick = (event: PointerEvent, from: Point, to: Point) => {
    const scale = (event.currentTarget as Element).clientWidth / width
    return Math.hypot(to.x - from.x, to.y - from.y) * scale < DRAG_PX
  }
  const end = () => {
    aim.value = corner.value = null
  }
  return {
    onPointerDown: (event: PointerEvent) => {
      if (event.button !== 0) return
      ;(event.currentTarget as Element).setPointerCapture(event.pointerId)
      corner.value = aim.value = at(event)
    },
    onPointerMove: (event: PointerEvent) => {
      if (corner.value && event.buttons) aim.value = at(event)
    },
    onPointerUp: (event: PointerEvent) => {
      const [from, to] = [corner.value, at(event)]
      if (!from) return
      end()
      if (isClick(event, from, to)) trying.click({ ...to, positive: !event.altKey })
      else trying.drag(spanning(from, to))
    },
    onPointerCancel: end,
    onKeyDown: (event: KeyboardEvent) => {
      const step = (event.shiftKey ? FINE : STEP) * Math.max(width, height)
      const from = aim.value ?? { x: width / 2, y: height / 2 }
      const ways: Record<string, Point> = {
        ArrowLeft: { x: -step, y: 0 },
        ArrowRight: { x: step, y: 0 },
        ArrowUp: { x: 0, y: -step },
        ArrowDown: { x: 0, y: step },
      }
      const way = ways[event.key]
      if (way) aim.value = within({ x: from.x + way.x, y: from.y + way.y })
      else if (event.key === 'Enter' && aim.value) trying.click({ ...aim.value, positive: !event.altKey })
      else if (event.key === 'Backspace') trying.back()
      else if (event.code === 'KeyB' && !corner.value) corner.value = aim.value = from
      else if (event.code === 'KeyB' && corner.value) {
        trying.drag(spanning(corner.value, from))
        corner.value = null
      } else return
      event.preventDefault()
    },
  }
}

interface Drawn {
  readonly rows: readonly Row[]
  readonly seen: readonly SeenOut[]
  readonly clicks: readonly TriedClick[]
  readonly box: TriedBox | null
  readonly aim: Point | null
}

function draw(canvas: HTMLCanvasElement, { width }: Pictured, { rows, seen, clicks, box, aim }: Drawn): void {
  const ratio = window.devicePixelRatio || 1
  canvas.width = Math.round(canvas.clientWidth * ratio)
  canvas.height = Math.round(canvas.clientHeight * ratio)
  const context = canvas.getContext('2d')
  if (!context || !width || !canvas.width) return
  context.setTransform(ratio, 0, 0, ratio, 0, 0)
  const view: View = { scale: canvas.clientWidth / width, x: 0, y: 0, turns: 0 }
  const names = [...new Set(seen.map(({ label }) => label))]
  paintSeen(
    context,
    seen,
    (each) => boxInView(view, each),
    (name) => distinctColour(names.indexOf(name)),
  )
  for (const row of rows) {
    if (row.outside) continue
    const dash = row.occluded ? [4, 4] : []
    paint(context, view, row, { colour: COLOUR, fill: 0.35, lineWidth: 2, dash, edges: [] })
  }
  if (box) {
    const [x1, y1, x2, y2] = boxInView(view, [...box])
    context.setLineDash([5, 4])
    context.lineWidth = 2
    context.strokeStyle = MEANT
    context.strokeRect(x1, y1, x2 - x1, y2 - y1)
  }
  context.setLineDash([])
  for (const click of clicks) mark(context, videoToView(view, click), click.positive)
  if (aim) cross(context, videoToView(view, aim))
}

/** A disc with a plus or a minus, so that it isn't told by its colour alone. */
function mark(context: CanvasRenderingContext2D, { x, y }: Point, positive: boolean): void {
  context.beginPath()
  context.arc(x, y, 7, 0, 2 * Math.PI)
  context.fillStyle = positive ? MEANT : NOT_MEANT
  context.fill()
  context.lineWidth = 2
  context.strokeStyle = '#1b1f27'
  context.beginPath()
  context.moveTo(x - 4, y)
  context.lineTo(x + 4, y)
  if (positive) {
    context.moveTo(x, y - 4)
    context.lineTo(x, y + 4)
  }
  context.stroke()
}

function cross(context: CanvasRenderingContext2D, { x, y }: Point): void {
  for (const [width, colour] of [
    [4, 'rgb(0 0 0 / 60%)'],
    [2, '#fff'],
  ] as const) {
    context.lineWidth = width
    context.strokeStyle = colour
    context.beginPath()
    context.moveTo(x - 10, y)
    context.lineTo(x + 10, y)
    context.moveTo(x, y - 10)
    context.lineTo(x, y + 10)
    context.stroke()
  }
}

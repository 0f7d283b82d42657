/** Where a card goes that speaks of something else on the page: beside it, never over it, and within the window. */
import type { Box } from '@/geometry/box'

interface Size {
  readonly width: number
  readonly height: number
}

const GAP_PX = 12
const MARGIN_PX = 8

/** Returns left and top, in CSS px of the window: on the side of `about` with the most room for the card. */
export function placeCard([x1, y1, x2, y2]: Box, card: Size, window: Size): readonly [left: number, top: number] {
  const left = limited((x1 + x2 - card.width) / 2, window.width - card.width)
  const top = limited((y1 + y2 - card.height) / 2, window.height - card.height)
  const sides = [
    { room: window.width - x2 - card.width, at: [x2 + GAP_PX, top] },
    { room: x1 - card.width, at: [x1 - GAP_PX - card.width, top] },
    { room: window.height - y2 - card.height, at: [left, y2 + GAP_PX] },
    { room: y1 - card.height, at: [left, y1 - GAP_PX - card.height] },
  ] as const
  return sides.reduce((best, side) => (side.room > best.room ? side : best)).at
}

const limited = (value: number, most: number) => Math.max(Math.min(value, most - MARGIN_PX), MARGIN_PX)

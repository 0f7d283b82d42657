import { expect, it } from 'vitest'
import { intersects, type Box } from '@/geometry/box'
import { placeCard } from './place-card'

const CARD = { width: 300, height: 160 }

it.each([
  ['the tools at the left', [0, 44, 44, 490], 1280, 720],
  ['the timeline at the bottom', [0, 530, 1280, 720], 1280, 720],
  ['the panels at the right', [980, 44, 1280, 530], 1280, 720],
  ['a button in a corner', [1240, 8, 1270, 38], 1280, 720],
  ['the transport of a large window', [0, 760, 1560, 800], 1920, 1080],
] as const)('the card lies beside %s, all of it in the window', (_, about: Box, width, height) => {
  const [left, top] = placeCard(about, CARD, { width, height })
  const card: Box = [left, top, left + CARD.width, top + CARD.height]
  expect(intersects(card, about)).toBe(false)
  expect([left >= 0, top >= 0, card[2] <= width, card[3] <= height]).toEqual([true, true, true, true])
})

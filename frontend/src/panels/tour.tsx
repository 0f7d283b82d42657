import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { tourSteps } from '@/editor/help/tour'
import type { Box } from '@/geometry/box'
import { placeCard } from './place-card'

const RING_PX = 4

/** A card that goes from place to place. It takes no keys from the picture: who knows the editor just goes on. */
export function TourCard({ editor }: { editor: Editor }) {
  const { tour } = editor
  const card = useRef<HTMLDivElement>(null)
  const ring = useRef<HTMLDivElement>(null)
  const at = tour.step.value
  const steps = tourSteps(editor).filter(({ about }) => document.querySelector(about))
  const step = at === null ? undefined : steps[at]
  useLayoutEffect(() => {
    const place = () =>
      step && card.current && ring.current && layOut(document.querySelector(step.about)!, card.current, ring.current)
    place()
    window.addEventListener('resize', place)
    return () => window.removeEventListener('resize', place)
  }, [step?.about])
  useEffect(() => {
    // By itself it leaves the keys to the picture; once somebody walks through it, they go on from where they are.
    if (at) card.current?.querySelector<HTMLElement>('.primary')?.focus()
  }, [at])
  if (!step) return null
  const last = at === steps.length - 1
  const end = () => {
    tour.end()
    editor.focusPanel('stage')
  }
  return (
    <>
      <div ref={ring} class="tour-ring" aria-hidden="true" />
      <div
        ref={card}
        class="tour"
        role="dialog"
        aria-labelledby="tour-title"
        aria-describedby="tour-text"
        onKeyDown={(event) => {
          if (event.key === 'Escape') end()
        }}
      >
        <h2 id="tour-title">{step.title}</h2>
        <p id="tour-text" aria-live="polite">
          {step.text}
        </p>
        <div class="row">
          <span class="muted">{t('{step} of {count}', { step: at! + 1, count: steps.length })}</span>
          <span class="spring" />
          {!last && (
            <button type="button" class="button quiet" onClick={end}>
              {t('Skip')}
            </button>
          )}
          {at! > 0 && (
            <button type="button" class="button" onClick={() => (tour.step.value = at! - 1)}>
              {t('Back')}
            </button>
          )}
          <button type="button" class="button primary" onClick={() => (last ? end() : (tour.step.value = at! + 1))}>
            {t(last ? 'Done' : 'Next')}
          </button>
        </div>
      </div>
    </>
  )
}

/** A ring around what is spoken of, and the card beside it. */
function layOut(about: Element, card: HTMLElement, ring: HTMLElement): void {
  const { left, top, right, bottom } = about.getBoundingClientRect()
  const { innerWidth: width, innerHeight: height } = window
  const box: Box = [
    Math.max(left - RING_PX, 2),
    Math.max(top - RING_PX, 2),
    Math.min(right + RING_PX, width - 2),
    Math.min(bottom + RING_PX, height - 2),
  ]
  Object.assign(ring.style, {
    left: `${box[0]}px`,
    top: `${box[1]}px`,
    width: `${box[2] - box[0]}px`,
    height: `${box[3] - box[1]}px`,
  })
  const [x, y] = placeCard(box, { width: card.offsetWidth, height: card.offsetHeight }, { width, height })
  Object.assign(card.style, { left: `${x}px`, top: `${y}px` })
}

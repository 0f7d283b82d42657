import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { t } from '@/core/text'
import type { Editor } from '@/editor/editor'
import { isComposing } from '@/editor/keys/keys'
import { accept, offersFor, type Offer } from '@/editor/help/palette'
import { Modal } from './modal'

export function Palette({ editor }: { editor: Editor }) {
  return editor.paletteOpen.value ? <OpenPalette editor={editor} /> : null
}

/** A field and what it finds: the arrows choose, Enter does it. */
function OpenPalette({ editor }: { editor: Editor }) {
  const query = useSignal('')
  const chosen = useSignal(0)
  const list = useRef<HTMLUListElement>(null)
  const offers = offersFor(editor, query.value)
  const current = Math.min(chosen.value, offers.length - 1)
  const close = () => (editor.paletteOpen.value = false)
  const take = (offer: Offer | undefined) => {
    if (!offer || offer.why) return
    close()
    accept(editor, offer)
  }
  const press = (event: KeyboardEvent) => {
    if (isComposing(event)) return
    const to = { ArrowDown: current + 1, ArrowUp: current - 1, PageDown: current + 8, PageUp: current - 8 }[event.key]
    if (to !== undefined)
      chosen.value =
        Math.abs(to - current) === 1
          ? (to + offers.length) % (offers.length || 1)
          : Math.min(Math.max(to, 0), offers.length - 1)
    else if (event.key === 'Enter') take(offers[current])
    else return
    event.preventDefault()
  }
  useEffect(() => list.current?.children[current]?.scrollIntoView({ block: 'nearest' }), [current])
  return (
    <Modal label={t('Find an action')} onClose={close} look="palette">
      <input
        type="text"
        role="combobox"
        autofocus
        autocomplete="off"
        spellcheck={false}
        aria-label={t('Action, label, track number or frame')}
        aria-expanded="true"
        aria-controls="palette-offers"
        aria-activedescendant={current < 0 ? undefined : `palette-offer-${current}`}
        placeholder={t('Action, label, track number or frame')}
        value={query.value}
        onInput={(event) => {
          query.value = event.currentTarget.value
          chosen.value = 0
        }}
        onKeyDown={press}
      />
      <ul ref={list} id="palette-offers" role="listbox" aria-label={t('Found')}>
        {offers.map((offer, index) => (
          <li
            key={offer.id}
            id={`palette-offer-${index}`}
            role="option"
            aria-selected={index === current}
            aria-disabled={offer.why !== ''}
            onPointerMove={() => (chosen.value = index)}
            onClick={() => take(offer)}
          >
            <span class="palette-title">
              <Marked text={offer.title} places={offer.places} />
            </span>
            <small>{offer.why || offer.group}</small>
            {offer.key && <kbd>{offer.key}</kbd>}
          </li>
        ))}
      </ul>
      <p class="empty" role="status">
        {offers.length ? '' : t('Nothing matches “{query}”.', { query: query.value })}
      </p>
    </Modal>
  )
}

/** A text with the letters of the query in bold. */
function Marked({ text, places }: { text: string; places: readonly number[] }) {
  const met = new Set(places)
  return (
    <>
      {met.size
        ? Array.from(text).map((letter, index) => (met.has(index) ? <b key={index}>{letter}</b> : letter))
        : text}
    </>
  )
}

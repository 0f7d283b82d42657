import { useSignal } from '@preact/signals'
import { useEffect, useLayoutEffect, useRef } from 'preact/hooks'
import { counted, t } from '@/core/text'
import { callAt, completed, matching } from '@/editor/issues/words'
import type { IssuePerson } from '@/store/issues'

interface CommentFieldProps {
  /** Of its element, unique on the page. */
  readonly id: string
  readonly label: string
  readonly text: string
  /** Who can be called by @. */
  readonly people: readonly IssuePerson[]
  readonly focused?: boolean
  /** It gets the focus of its panel. */
  readonly first?: boolean
  readonly onText: (text: string) => void
  readonly onSend: () => void
  /** Escape, while no names are offered. */
  readonly onLeave: () => void
}

const LONGEST = 5000

/** Where a comment is typed. @ and the beginning of a name offer people; Ctrl+Enter sends. */
export function CommentField({ id, label, text, people, focused, first, onText, onSend, onLeave }: CommentFieldProps) {
  const area = useRef<HTMLTextAreaElement>(null)
  const caret = useSignal(text.length)
  const chosen = useSignal(0)
  /** Where the names were closed by Escape: they stay so for this call. */
  const closedAt = useSignal(-1)
  const moveTo = useRef<number | null>(null)
  const call = callAt(text, caret.value)
  const offered = call && call.from !== closedAt.value ? matching(people, call.typed) : []
  const at = Math.min(chosen.value, offered.length - 1)
  useEffect(() => {
    if (focused) area.current?.focus({ preventScroll: true })
  }, [])
  useLayoutEffect(() => {
    if (moveTo.current === null) return
    area.current?.setSelectionRange(moveTo.current, moveTo.current)
    moveTo.current = null
  })
  const look = () => (caret.value = area.current?.selectionStart ?? text.length)
  const take = (person: IssuePerson) => {
    const done = completed(text, caret.value, person.username)
    moveTo.current = caret.value = done.caret
    chosen.value = 0
    onText(done.text)
    area.current?.focus()
  }
  const press = (event: KeyboardEvent) => {
    const { key } = event
    if (key === 'Enter' && (event.ctrlKey || event.metaKey)) onSend()
    else if (offered.length && (key === 'ArrowDown' || key === 'ArrowUp'))
      chosen.value = (at + (key === 'ArrowDown' ? 1 : offered.length - 1)) % offered.length
    else if (offered.length && (key === 'Enter' || (key === 'Tab' && !event.shiftKey))) take(offered[at]!)
    else if (key === 'Escape' && offered.length) closedAt.value = call?.from ?? -1
    else if (key === 'Escape') onLeave()
    else return
    event.preventDefault()
    event.stopPropagation()
  }
  return (
    <div class="comment-field">
      <textarea
        id={id}
        ref={area}
        rows={3}
        data-first={first}
        maxLength={LONGEST}
        aria-label={label}
        placeholder={t('Write a comment; @ calls somebody')}
        aria-autocomplete="list"
        aria-controls={`${id}-names`}
        aria-activedescendant={offered.length ? `${id}-name-${at}` : undefined}
        value={text}
        onInput={(event) => {
          caret.value = event.currentTarget.selectionStart
          chosen.value = 0
          if (closedAt.value >= caret.value) closedAt.value = -1
          onText(event.currentTarget.value)
        }}
        onKeyUp={look}
        onClick={look}
        onKeyDown={press}
      />
      <ul id={`${id}-names`} class="names" role="listbox" aria-label={t('People')} hidden={!offered.length}>
        {offered.map((person, index) => (
          <li
            key={person.id}
            id={`${id}-name-${index}`}
            role="option"
            aria-selected={index === at}
            onMouseDown={(event) => event.preventDefault()}
            onClick={() => take(person)}
          >
            <span class="dot" style={{ '--person': person.colour }} aria-hidden="true" />
            <span>{person.name}</span>
            {person.name !== person.username && <span class="muted">@{person.username}</span>}
          </li>
        ))}
      </ul>
      <span class="sr-only" aria-live="polite">
        {offered.length > 0 && counted(offered.length, '{count} person fits.', '{count} people fit.')}
      </span>
    </div>
  )
}

/** A list that is walked through by keyboard: of a long one so many are drawn at once; scrolling to the end draws more. */
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import type { ComponentChildren } from 'preact'

interface WalkingListProps<T> {
  readonly label: string
  /** What the ids of its rows begin with: `${name}-${index}`. */
  readonly name: string
  readonly items: readonly T[]
  /** Where one is; -1: nowhere yet. */
  readonly position: number
  readonly page: number
  /** What keys do while the list has the focus; letters are small. */
  readonly keys: Readonly<Record<string, (() => void) | undefined>>
  readonly children: (item: T, index: number) => ComponentChildren
}

export function WalkingList<T>({ label, name, items, position, page, keys, children }: WalkingListProps<T>) {
  const list = useRef<HTMLUListElement>(null)
  const drawn = useSignal(page)
  useEffect(() => list.current?.focus({ preventScroll: true }), [])
  useEffect(() => {
    if (position >= drawn.value) drawn.value = position + page
    list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: 'nearest' })
  }, [position, drawn.value])
  const press = (event: KeyboardEvent) => {
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!act || event.ctrlKey || event.altKey || event.metaKey) return
    event.preventDefault()
    event.stopPropagation()
    act()
  }
  const more = (event: { currentTarget: HTMLElement }) => {
    const { scrollTop, clientHeight, scrollHeight } = event.currentTarget
    if (scrollTop + 2 * clientHeight > scrollHeight && drawn.value < items.length) drawn.value += page
  }
  return (
    <ul
      ref={list}
      class="finding-list"
      role="listbox"
      tabIndex={0}
      data-first
      aria-label={label}
      aria-activedescendant={position >= 0 ? `${name}-${position}` : undefined}
      onKeyDown={press}
      onScroll={more}
    >
      {items.slice(0, drawn.value).map(children)}
    </ul>
  )
}

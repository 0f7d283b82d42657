import type { ComponentChildren } from 'preact'
import type { Editor } from '@/editor/editor'

interface SectionProps {
  readonly editor: Editor
  /** Also the id of its element. */
  readonly id: string
  readonly title: string
  /** For assistive technology, where the title alone says too little. */
  readonly label?: string
  /** Beside the title, folded or not. */
  readonly aside?: ComponentChildren
  readonly children: ComponentChildren
}

/** A panel at the side that folds to its heading; which ones are folded is remembered. */
export function Section({ editor, id, title, label = title, aside, children }: SectionProps) {
  const open = editor.panels.isOpen(id)
  return (
    <section id={id} class={`panel ${id} ${open ? '' : 'folded'}`} aria-label={label}>
      <header class="panel-head">
        <h2>
          <button type="button" class="fold" aria-expanded={open} onClick={() => editor.panels.toggle(id)}>
            {title}
          </button>
        </h2>
        {aside}
      </header>
      {open && children}
    </section>
  )
}

/** Apply a model to videos of a project: choose, begin, and watch what was begun. */
import { render } from 'preact'
import type { ApplyPage } from '@/protocol/generated'
import { Applying } from './applying'
import { Form } from './form'
import { Sweeps } from './sweeps'

/** `<section id="apply-page">` beside `<script id="apply-data">`, in templates/project_apply.html.
 * Returns whether something is chosen that loading the page anew would lose. */
export function mountApply(root: HTMLElement): () => boolean {
  const read = (id: string): unknown => JSON.parse(document.getElementById(id)?.textContent ?? '')
  const applying = new Applying(read('apply-data') as ApplyPage, read('apply-tracks') as Record<string, number>)
  const host = document.createElement('div')
  root.append(host)
  render(
    <>
      {applying.page.may_begin && <Form applying={applying} />}
      <Sweeps applying={applying} />
    </>,
    host,
  )
  void applying.refresh()
  addEventListener('focus', () => void applying.refresh())
  return () => applying.isBusy
}

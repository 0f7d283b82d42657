/** The page of a consensus: conflicts decided one by one, also by keyboard, and a page that shows what is computed. */
import { counted, t } from '@/core/text'
import type { ConsensusOut } from '@/protocol/generated'
import { ApiError, Rest } from '@/protocol/rest'
import { lookAgain } from './fresh'

const POLL_MS = 1000

/** `<div id="consensus-page" data-consensus="7">` in templates/consensus.html. */
export function mountConsensus(root: HTMLElement): void {
  const token = root.querySelector<HTMLInputElement>('input[name=csrfmiddlewaretoken]')?.value ?? ''
  const page = new ConsensusPage(root, Number(root.dataset.consensus), new Rest(token))
  root.addEventListener('submit', (event) => page.submitted(event))
  document.addEventListener('keydown', (event) => page.pressed(event))
  if ('open' in root.dataset) void page.wait(() => location.reload())
}

export class ConsensusPage {
  constructor(
    private readonly root: HTMLElement,
    private readonly id: number,
    private readonly rest: Pick<Rest, 'get' | 'post'>,
  ) {}

  /** Until what is computed is there. */
  async wait(done: () => void): Promise<void> {
    for (;;) {
      await new Promise((resolve) => setTimeout(resolve, POLL_MS))
      try {
        const { state, progress } = await this.rest.get('/api/consensus/{consensus_id}', { path: this.path })
        if (state !== 'queued' && state !== 'running') {
          done()
          return
        }
        const bar = this.root.querySelector('progress')
        if (bar) bar.value = 100 * progress
      } catch (error) {
        if (error instanceof ApiError && error.isOut) {
          lookAgain()
          return
        }
        // The next time may go well.
      }
    }
  }

  /** A choice of a conflict is sent without loading the page anew. */
  submitted(event: SubmitEvent): void {
    const button = event.submitter as HTMLButtonElement | null
    const row = button?.closest<HTMLElement>('[data-conflict]')
    if (!button || !row) return
    event.preventDefault()
    void this.choose(row, button.getAttribute('aria-pressed') === 'true' ? '' : button.value)
  }

  /** J and K go on and back, digits choose, T takes, L leaves out, U opens again, O looks. */
  pressed(event: KeyboardEvent): void {
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return
    const key = event.key.toLowerCase()
    if (key === 'j' || key === 'k') {
      event.preventDefault()
      this.step(key === 'j' ? 1 : -1)
      return
    }
    const row = this.current
    if (!row) return
    if (key === 'o') row.querySelector<HTMLAnchorElement>('a[data-look-at]')?.click()
    else if (key === 'u') void this.choose(row, '')
    else this.wanted(row, key)?.click()
  }

  private wanted(row: HTMLElement, key: string): HTMLButtonElement | undefined {
    const buttons = [...row.querySelectorAll<HTMLButtonElement>('button[name=choice]')]
    if (key === 't') return buttons.find(({ value }) => value === 'take')
    if (key === 'l') return buttons.find(({ value }) => value === 'leave')
    return /^[1-9]$/.test(key) ? buttons[Number(key) - 1] : undefined
  }

  private get rows(): HTMLElement[] {
    return [...this.root.querySelectorAll<HTMLElement>('[data-conflict]')]
  }

  /** The conflict that has the focus. */
  private get current(): HTMLElement | null {
    const row = document.activeElement?.closest<HTMLElement>('[data-conflict]') ?? null
    return row && this.root.contains(row) ? row : null
  }

  private step(by: 1 | -1): void {
    const { rows, current } = this
    const at = current ? rows.indexOf(current) + by : 0
    rows[Math.min(Math.max(at, 0), rows.length - 1)]?.focus()
  }

  private async choose(row: HTMLElement, choice: string): Promise<void> {
    const conflict = row.dataset.conflict ?? ''
    try {
      const body = { conflict, choice }
      const found = await this.rest.post('/api/consensus/{consensus_id}/decisions', { path: this.path, body })
      this.show(row, choice, found)
    } catch (error) {
      this.tell(error instanceof Error ? error.message : String(error))
      if (error instanceof ApiError && error.isOut) lookAgain()
    }
  }

  private show(row: HTMLElement, choice: string, found: ConsensusOut): void {
    this.tell('')
    row.classList.toggle('decided', choice !== '')
    for (const button of row.querySelectorAll('button[name=choice]'))
      button.setAttribute('aria-pressed', String(choice !== '' && button.getAttribute('value') === choice))
    const left = this.root.querySelector('[data-left]')
    if (left) left.textContent = t('{left} of {among} to decide', { left: found.left, among: found.among })
    const says = this.root.querySelector('[data-merge-says]')
    if (says)
      says.textContent = found.left
        ? counted(
            found.left,
            '{count} undecided conflict would be left out.',
            '{count} undecided conflicts would be left out.',
          )
        : t('Everything is decided.')
    if (found.conflicts.some(({ under }) => under === row.dataset.conflict)) {
      // What was taken, or isn't any more, has conflicts of its own.
      location.reload()
      return
    }
    if (choice !== '') this.nextUndecided(row)
  }

  private nextUndecided(row: HTMLElement): void {
    const { rows } = this
    const at = rows.indexOf(row)
    const next = [...rows.slice(at + 1), ...rows.slice(0, at)].find((each) => !each.classList.contains('decided'))
    ;(next ?? row).focus()
  }

  private tell(problem: string): void {
    const place = this.root.querySelector<HTMLElement>('[data-problem]')
    if (!place) return
    place.hidden = problem === ''
    place.textContent = problem
  }

  private get path() {
    return { consensus_id: this.id }
  }
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement && target.closest('input:not([type=checkbox]), select, textarea, dialog') !== null

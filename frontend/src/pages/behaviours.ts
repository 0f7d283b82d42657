/** What marked elements of the pages do: each mark is a `data-` attribute that a template sets. */
import { forgetTheme } from './theme'

const COPIED_MS = 1600
const SCROLL_KEY = 'framewise.scroll'

/** `data-copy="text"`: puts the text on the clipboard. */
export function copyButtons(): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>('[data-copy]')) {
    const said = button.textContent
    button.addEventListener('click', () => {
      void copy(button.dataset.copy ?? '').then((done) => {
        button.textContent = done ? 'Copied' : 'Press Ctrl+C'
        if (!done) selectBeside(button)
        setTimeout(() => (button.textContent = said), COPIED_MS)
      })
    })
  }
}

/** The clipboard is only there in secure contexts; on plain HTTP in a local network the text is selected instead. */
async function copy(text: string): Promise<boolean> {
  if (!window.isSecureContext) return false
  try {
    await navigator.clipboard.writeText(text)
    return true
  } catch {
    return false
  }
}

function selectBeside(button: HTMLElement): void {
  const code = button.previousElementSibling
  if (code) getSelection()?.selectAllChildren(code)
}

/** `<details data-menu>`: closes on Escape, and when something else is used. */
export function closingMenus(): void {
  const menus = [...document.querySelectorAll<HTMLDetailsElement>('details[data-menu]')]
  document.addEventListener('pointerdown', (event) => {
    for (const menu of menus) if (!menu.contains(event.target as Node)) menu.open = false
  })
  for (const menu of menus) {
    menu.addEventListener('focusout', (event) => {
      if (event.relatedTarget && !menu.contains(event.relatedTarget as Node)) menu.open = false
    })
    menu.addEventListener('keydown', (event) => {
      if (event.key !== 'Escape') return
      menu.open = false
      menu.querySelector('summary')?.focus()
    })
  }
}

/** `<select data-submit>`: sends its form when something is chosen. */
export function submitOnChange(): void {
  for (const select of document.querySelectorAll<HTMLSelectElement>('select[data-submit]')) {
    select.addEventListener('change', () => {
      rememberScroll()
      select.form?.requestSubmit()
    })
  }
}

/** `<form data-stay>`: the page that answers is scrolled to where this one was. */
export function stayWhereYouAre(): void {
  const kept = sessionStorage.getItem(SCROLL_KEY)
  sessionStorage.removeItem(SCROLL_KEY)
  const [path, top] = kept?.split(' ') ?? []
  if (path === location.pathname) scrollTo(0, Number(top))
  for (const form of document.querySelectorAll<HTMLFormElement>('form[data-stay]'))
    form.addEventListener('submit', rememberScroll)
}

function rememberScroll(): void {
  sessionStorage.setItem(SCROLL_KEY, `${location.pathname} ${scrollY}`)
}

/** `<table data-pick>`: one box ticks all rows, and a text beside says how many are ticked. */
export function pickedRows(): void {
  const table = document.querySelector<HTMLTableElement>('table[data-pick]')
  const all = table?.querySelector<HTMLInputElement>('[data-pick-all]')
  const told = document.querySelector<HTMLElement>('[data-pick-count]')
  if (!table || !all || !told) return
  const boxes = [...table.querySelectorAll<HTMLInputElement>('tbody input[type=checkbox]')]
  const nothing = told.textContent
  const tell = () => {
    const count = boxes.filter((box) => box.checked).length
    all.checked = count === boxes.length
    all.indeterminate = count > 0 && count < boxes.length
    told.textContent = count ? `${count} job${count > 1 ? 's' : ''} ticked` : nothing
  }
  all.addEventListener('change', () => {
    for (const box of boxes) box.checked = all.checked
    tell()
  })
  table.addEventListener('change', tell)
  // Somebody was quicker than this script.
  if (all.checked) for (const box of boxes) box.checked = true
  // Browsers restore ticks when one comes back.
  addEventListener('pageshow', tell)
}

/** `<form data-theme-form>`: the account's theme holds here too, whatever was chosen in this browser before. */
export function themeForm(): void {
  document.querySelector('form[data-theme-form]')?.addEventListener('submit', forgetTheme)
}

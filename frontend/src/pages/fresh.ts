/**
 * A page that somebody comes back to is looked up again: it shows what is there now, or says what became of it. Where
 * something is typed or under way it isn't loaded anew without being asked.
 */
import { t } from '@/core/text'

/** Looking again sooner shows nothing new to who only changed windows. */
const SOONEST_MS = 1500

/** What changes with every answer, by what goes on in the background, or is said once. */
const PASSING = 'input[name=csrfmiddlewaretoken], .message, [data-look], [data-passing]'

interface WayOn {
  readonly text: string
  readonly address: string
}

let look: () => Promise<void> = () => Promise.resolve()

/** Look now: the server has answered that something isn't there. */
export const lookAgain = (): void => void look()

/** Call it before anything changes the page. `isBusy`: whether a script holds what loading it anew would lose. */
export function stayFresh(isBusy: () => boolean): void {
  const shown = digest(document)
  if (!shown || !document.querySelector('form[action$="/sign-out/"]')) return
  let looked = Date.now()
  let looking = false
  look = async () => {
    if (looking) return
    looking = true
    try {
      await compare(shown, isBusy)
    } finally {
      looking = false
      looked = Date.now()
    }
  }
  const back = () => {
    if (document.visibilityState === 'visible' && Date.now() - looked > SOONEST_MS) lookAgain()
  }
  addEventListener('focus', back)
  addEventListener('pageshow', (event: PageTransitionEvent) => {
    if (event.persisted) lookAgain()
  })
  document.addEventListener('visibilitychange', back)
}

async function compare(shown: string, isBusy: () => boolean): Promise<void> {
  let answer: Response
  try {
    answer = await fetch(location.href, { cache: 'no-store', redirect: 'manual', headers: { Accept: 'text/html' } })
  } catch {
    return // Offline: what is shown stays, and whatever is done says so.
  }
  if (answer.type === 'opaqueredirect') {
    const next = encodeURIComponent(location.pathname + location.search)
    tell(t('You are signed out.'), t('Sign in to go on.'), { text: t('Sign in'), address: `/sign-in/?next=${next}` })
    return
  }
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
  if (answer.ok) {
    if (digest(page) === shown) document.querySelector('[data-look]')?.remove()
    else if (isBusy() || isTyped()) tell(t('Somebody changed this meanwhile.'), t('Load the page to see it.'))
    else location.reload()
    return
  }
  if (answer.status >= 500) return
  const [title = '', said = ''] = ['main h1', 'main p'].map((each) => page.querySelector(each)?.textContent.trim())
  const lead = page.querySelector<HTMLAnchorElement>('main a.button')
  tell(`${title}.`, said, {
    text: lead?.textContent ?? t('Go to your projects'),
    address: lead?.getAttribute('href') ?? '/',
  })
}

/** What a page says, without what changes each time. */
function digest(page: Document): string {
  const main = page.querySelector('main')?.cloneNode(true) as HTMLElement | undefined
  if (!main) return ''
  for (const each of main.querySelectorAll(PASSING)) each.remove()
  const trail = page.querySelector('.trail')?.textContent ?? ''
  return trail + main.innerHTML.replace(/"csrf_token": *"[^"]*"/, '').replace(/\s+/g, ' ')
}

/** Whether the page holds something that loading it anew would lose. */
function isTyped(): boolean {
  if (document.querySelector('dialog[open], .once, main .wrong')) return true
  return [...document.querySelectorAll<HTMLFormElement>('main form')].some((form) =>
    [...form.elements].some((each) => {
      if (each instanceof HTMLSelectElement)
        return [...each.options].some((option) => option.selected !== option.defaultSelected) && each.selectedIndex > 0
      if (each instanceof HTMLInputElement)
        return each.value !== each.defaultValue || each.checked !== each.defaultChecked
      return each instanceof HTMLTextAreaElement && each.value !== each.defaultValue
    }),
  )
}

/** One notice above the page; without a way on it offers to load the page. */
function tell(title: string, said: string, wayOn?: WayOn): void {
  document.querySelector('[data-look]')?.remove()
  const box = document.createElement('aside')
  box.className = 'banner'
  box.dataset.look = ''
  box.setAttribute('role', 'alert')
  const text = document.createElement('div')
  text.append(
    Object.assign(document.createElement('strong'), { textContent: title }),
    Object.assign(document.createElement('p'), { textContent: said }),
  )
  const way = Object.assign(document.createElement(wayOn ? 'a' : 'button'), {
    className: 'button primary',
    textContent: wayOn?.text ?? t('Load it'),
  })
  if (wayOn) way.setAttribute('href', wayOn.address)
  else way.addEventListener('click', () => location.reload())
  box.append(text, way)
  document.querySelector('main')?.prepend(box)
}

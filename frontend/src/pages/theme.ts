/** Light or dark: what the person chose in this browser, else for their account, else what the system says. */
const KEY = 'framewise.theme'

/** The page's head has applied it before the first paint; this keeps it when the system's choice changes. */
export function applyTheme(): void {
  const root = document.documentElement
  const dark = matchMedia('(prefers-color-scheme: dark)')
  root.dataset.theme ??= localStorage.getItem(KEY) ?? (dark.matches ? 'dark' : 'light')
}

export function toggleTheme(): void {
  const next = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark'
  localStorage.setItem(KEY, next)
  document.documentElement.dataset.theme = next
}

/** Let the account's choice hold in this browser. */
export function forgetTheme(): void {
  localStorage.removeItem(KEY)
}

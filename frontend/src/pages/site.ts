/** The small scripts of the server-rendered pages. */
import { applyTheme, toggleTheme } from './theme'

applyTheme()

for (const button of document.querySelectorAll<HTMLButtonElement>('[data-toggle-theme]')) button.addEventListener('click', toggleTheme)

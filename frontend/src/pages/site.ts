/** The small scripts of the server-rendered pages. */
import { applyTheme, toggleTheme } from './theme'
import { mountUploads } from './uploads'

applyTheme()

for (const button of document.querySelectorAll<HTMLButtonElement>('[data-toggle-theme]')) button.addEventListener('click', toggleTheme)
for (const root of document.querySelectorAll<HTMLElement>('[data-uploads]')) mountUploads(root)

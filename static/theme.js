// Before the first paint, so that the page doesn't flash in the other theme: a plain script, which the page waits for.
;(() => {
  const chosen = localStorage.getItem('framewise.theme') || document.currentScript.dataset.theme
  const dark = chosen ? chosen === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches
  document.documentElement.dataset.theme = dark ? 'dark' : 'light'
})()

/** `<form data-confirm="Question?">`, `<button data-confirm-button="Question?">`: asks before it is sent. */
export function askFirst(): void {
  document.addEventListener('submit', (event) => {
    const form = event.target as HTMLFormElement
    const question = event.submitter?.dataset.confirmButton ?? form.dataset.confirm
    if (!question || form.dataset.confirmed) return
    event.preventDefault()
    const submitter = event.submitter
    ask(question, submitter?.textContent.trim() ?? 'Yes', () => {
      form.dataset.confirmed = 'yes'
      form.requestSubmit(submitter)
    })
  })
}

function ask(question: string, verb: string, onYes: () => void): void {
  const dialog = document.createElement('dialog')
  const text = document.createElement('p')
  text.textContent = question
  text.id = 'question'
  dialog.setAttribute('aria-labelledby', text.id)
  const row = document.createElement('form')
  row.method = 'dialog'
  row.className = 'row'
  row.append(button('Cancel', 'button'), button(verb, 'button danger', 'yes'))
  dialog.append(text, row)
  dialog.addEventListener('close', () => {
    dialog.remove()
    if (dialog.returnValue === 'yes') onYes()
  })
  document.body.append(dialog)
  dialog.showModal()
}

function button(text: string, style: string, value = ''): HTMLButtonElement {
  const made = document.createElement('button')
  made.textContent = text
  made.className = style
  made.value = value
  return made
}

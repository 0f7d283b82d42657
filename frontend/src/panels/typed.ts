import { useLayoutEffect, useRef } from 'preact/hooks'

/**
 * For an input whose text counts once it is committed: what is being typed stays, whatever around it is drawn again
 * meanwhile (another person's change, the server's answer to the last one). An input with a `value` would be put back to
 * it by each drawing.
 *
 * Give the result to the input, which has no `value`; `commit` is called with it on Enter, and when focus leaves it
 * changed.
 */
export function useTyped(text: string, commit: (input: HTMLInputElement) => void) {
  const ref = useRef<HTMLInputElement>(null)
  const shown = useRef(text)
  useLayoutEffect(() => {
    const input = ref.current
    if (!input) return
    const typing = document.activeElement === input && (input.value !== shown.current || input.validity.badInput)
    // What Escape goes back to.
    input.defaultValue = text
    if (!typing) input.value = text
    shown.current = text
  })
  const onChange = (event: { readonly currentTarget: HTMLInputElement }) => {
    shown.current = event.currentTarget.value
    commit(event.currentTarget)
  }
  return { ref, onChange }
}
